"""Every document store, and versions to put into it."""

from __future__ import annotations

import hashlib

import pytest

from janus_lab.adapters.documents.store import open_documents
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Box, Document, Page, ParsedDocument
from janus_lab.values.ids import content_id
from janus_lab.values.version import Version

ROWS = [
    ("sqlite", lambda request: f"sqlite:///{request.getfixturevalue('tmp_path')}/janus.db"),
    ("postgresql", lambda request: request.getfixturevalue("ready_postgresql_url")),
]
STEP, LENGTH = 90, 100


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def store(request):
    with open_documents(request.param(request)) as opened:
        yield opened


@pytest.fixture
def version():
    """Makes versions cut into chunks of 100 characters, 10 of them shared with the next."""
    return make_version


@pytest.fixture
def published(store):
    """Stages and publishes versions."""

    def publish(*versions: Version) -> None:
        store.stage(versions)
        store.publish([v.document for v in versions])

    return publish


@pytest.fixture
def numbered():
    """Makes texts of so many different words."""
    return lambda count: " ".join(f"w{n}" for n in range(count))


def make_version(origin: str, text: str, *, collection: str = "default", title: str = "", **metadata) -> Version:
    document_id = content_id("document", collection, origin)
    version_id = content_id("version", document_id, text)
    spans = [(start, min(start + LENGTH, len(text))) for start in range(0, len(text), STEP)]
    chunks = tuple(
        Chunk(
            content_id("chunk", document_id, text[a:b]), document_id, version_id, n, a, b, 1 + n % 3, "A › B", text[a:b]
        )
        for n, (a, b) in enumerate(spans)
    )
    boxes = tuple(Box(1, a, b, 0.1, a / 3, 99.9, 12.0) for a, b in spans)
    content_hash = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    document = Document(
        document_id,
        collection,
        origin,
        title or origin,
        "text/plain",
        content_hash,
        version_id,
        len(text),
        len(chunks),
        1,
        metadata,
        1.5,
        key="k" if "#" in origin else None,
    )
    return Version(
        document, ParsedDocument(text, document.title, "text/plain", (Page(1, 0, len(text)),), boxes), chunks
    )
