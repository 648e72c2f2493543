"""One suite, two deployments: what the embedded stores and the full stack hold, find, cite and answer is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from janus_lab import open_lab
from tests.end_to_end.journeys import CLEAN, Corpus, cranfield, journey, sample_corpus

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Case:
    """A corpus, made anew in each project, and how many workers the stack has for it."""

    name: str
    workers: int
    make: Callable[[Path, Path], Corpus | None]


CASES = [
    Case("samples", 1, sample_corpus),
    # Several sources with more than one share's work in them.
    Case("cranfield", 2, lambda _samples, project: cranfield(project)),
]


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def case(request):
    return request.param


@pytest.fixture
def new_project(tmp_path, samples, case):
    """Makes a project with a corpus in it."""

    def make(name: str) -> tuple[Path, Corpus]:
        project = tmp_path / name / "project"
        (project / ".janus").mkdir(parents=True)
        corpus = case.make(samples, project)
        if corpus is None:
            pytest.skip("the set is not there; JANUS_TEST_DATA names the folder that holds `cranfield/corpus.jsonl`")
        return project, corpus

    return make


def test_the_stack_holds_finds_and_answers_what_the_embedded_stores_do(case, new_project, stack, new_host):
    hosts = [new_host(f"host-{number}").start(wait=False) for number in range(case.workers)]
    project, corpus = new_project("embedded")
    with open_lab(project / ".janus", inline=True) as lab:
        expected = journey(lab, corpus)
    for host in hosts:
        host.wait_until_ready()
    project, corpus = new_project("stack")
    with open_lab(project / ".janus", **stack) as lab:
        told = journey(lab, corpus)
    for halt, value in expected.items():
        assert told[halt] == value, halt
    for halt in ("ingested", "edited", "left"):
        assert told[halt]["agreement"] == CLEAN
