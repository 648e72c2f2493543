"""Every document store under changes: in any order, from several threads, and while it is read."""

from __future__ import annotations

import threading
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from janus_lab.values.filter import Condition, Operator
from janus_lab.values.version import Version


def test_iterating_goes_through_all_and_bears_changes(store, version, published):
    versions = [version(f"{n:05}", f"text {n}") for n in range(1203)]
    published(*versions)
    seen = []
    for document in store.iterate("default"):
        seen.append(document.origin)
        if len(seen) == 10:
            store.remove([versions[1100].document.id])
    assert seen == [v.document.origin for v in versions if v is not versions[1100]]


def test_threads_write_and_read_together(store, version, published, numbered):
    failures = []

    def work(k: int) -> None:
        try:
            for n in range(10):
                v = version(f"{k}/{n}", numbered(50 + k))
                published(v)
                assert store.get(v.document.id) == v.document
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.find()) == 60


class StoreModel(RuleBasedStateMachine):
    """Three documents in every order of staging, publishing and removing, beside a dictionary."""

    opened = None
    version = None
    numbered = None

    def __init__(self):
        super().__init__()
        self.opened.remove([d.id for d in self.opened.iterate()])
        self.staged: dict[str, Version] = {}
        self.current: dict[str, Version] = {}

    @rule(origin=st.sampled_from("abc"), word=st.sampled_from(["red", "green", "blue"]), year=st.integers(1, 2))
    def stage_and_perhaps_publish(self, origin, word, year):
        v = self.version(origin, f"{word} {self.numbered(40)}", year=year)
        self.opened.stage([v])
        self.staged[v.document.version_id] = v

    @rule(data=st.data())
    def publish(self, data):
        if self.staged:
            v = self.staged[data.draw(st.sampled_from(sorted(self.staged)))]
            v = replace(v, document=replace(v.document, title=data.draw(st.sampled_from(["lion", "tiger"]))))
            self.opened.publish([v.document])
            self.current[v.document.id] = v

    @rule(origin=st.sampled_from("abc"))
    def remove(self, origin):
        document_id = self.version(origin, "").document.id
        assert self.opened.remove([document_id]) == (document_id in self.current)
        self.current.pop(document_id, None)
        self.staged = {k: v for k, v in self.staged.items() if v.document.id != document_id}

    @invariant()
    def the_store_agrees(self):
        documents = sorted((v.document for v in self.current.values()), key=lambda d: d.origin)
        assert self.opened.find() == documents
        for word in ("red", "green", "blue", "lion", "tiger"):
            expected = {v.document.id for v in self.current.values() if word in v.parsed.text + v.document.title}
            assert {d.id for d in self.opened.find(words=word)} == expected
        for year in (1, 2):
            expected = {d.id for d in documents if d.metadata["year"] == year}
            assert {d.id for d in self.opened.find(where=[Condition("year", Operator.EQUALS, year)])} == expected
        for v in self.staged.values():
            assert self.opened.text(v.document.version_id, 0, 9**9) == v.parsed.text


def test_every_order_of_changes_ends_as_in_the_model(store, version, numbered):
    given = {"opened": store, "version": staticmethod(version), "numbered": staticmethod(numbered)}
    case = type("Machine", (StoreModel,), given).TestCase
    case.settings = settings(
        max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
    )
    case().runTest()
