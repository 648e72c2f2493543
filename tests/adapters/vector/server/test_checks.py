"""What `janus doctor` says of a Qdrant server."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from qdrant_stand_in.faults import Faults

from janus_lab.adapters.vector.server.checks import checks
from janus_lab.adapters.vector.server.store import open_vectors
from janus_lab.values.health import Verdict


def verdicts(found) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in found}


def test_all_is_well(qdrant_url):
    with open_vectors(qdrant_url) as vectors:
        vectors.ensure("home", 16)
    found = list(checks(qdrant_url))
    assert set(verdicts(found).values()) == {Verdict.OK}
    assert "answers at qdrant://" in found[0].detail
    with open_vectors(qdrant_url) as vectors:
        assert vectors.collections() == ["home"]


@pytest.mark.parametrize(
    ("faults", "name"),
    [
        (Faults(version="1.9.2"), "vector store"),
        (Faults(status=503), "vector store"),
        (Faults(status=401, path="/collections"), "vector store"),
        (Faults(status=403, path="/collections/aliases"), "vector store key"),
        (Faults(collection_status="red"), "vector store collections"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_told_with_what_to_do(qdrant_stand_in_url, qdrant_faults, faults, name):
    with open_vectors(qdrant_stand_in_url) as vectors:
        vectors.ensure("home", 16)
    qdrant_faults(faults)
    failed = [check for check in checks(qdrant_stand_in_url) if check.verdict is Verdict.FAILED]
    assert [check.name for check in failed] == [name]
    assert failed[0].remedy
    assert urlsplit(qdrant_stand_in_url).password not in "".join(c.detail + c.remedy for c in failed)


def test_nobody_there_and_a_url_that_is_none():
    for url in ("qdrant://127.0.0.1:1", "qdrant://host:port"):
        (check,) = checks(url)
        assert check.verdict is Verdict.FAILED
        assert check.remedy
