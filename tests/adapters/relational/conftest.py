"""Documents with everything that a row can hold, for tests of databases."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Box, Document, Page, ParsedDocument
from janus_lab.values.ids import content_id
from janus_lab.values.version import Version


@pytest.fixture
def make_version() -> Callable[..., Version]:
    """Makes the n-th version of a document, the same each time."""
    return _version


def _version(n: int, words: int = 60, origin: str = "") -> Version:
    choose = random.Random(n)
    text = " ".join("".join(choose.choices("abcdefgh", k=6)) for _ in range(words)) + f" word{n} Käse\0nul"
    document_id, version_id = content_id("document", "default", str(n)), content_id("version", str(n))
    spans = [(a, min(a + 200, len(text))) for a in range(0, len(text), 180)]
    chunks = tuple(
        Chunk(content_id("chunk", str(n), str(k)), document_id, version_id, k, a, b, 1, "A\0B", text[a:b])
        for k, (a, b) in enumerate(spans)
    )
    metadata = {"n": n, "tags": ["x", f"t{n % 3}"], "nul\0": "a\0b", "far": 10**400, "precise": 1e23, "none": None}
    document = Document(
        document_id, "default", origin or f"{n:05}.txt", f"Title {n}", "text/plain", f"{n:064x}", version_id, len(text),
        len(chunks), 1, metadata, 1.0 + n, None,
    )  # fmt: skip
    parsed = ParsedDocument(text, document.title, "text/plain", (Page(1, 0, len(text)),), (Box(1, 0, 9, 0, 0, 9, 9),))
    return Version(document, parsed, chunks)
