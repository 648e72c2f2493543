"""Every vector store, with an empty collection."""

from __future__ import annotations

import pytest
from qdrant_engines import REAL
from vector_points import DIMENSIONS, HOME

from janus_lab.adapters.vector import edge
from janus_lab.adapters.vector import index_notes as edge_notes
from janus_lab.adapters.vector.server import index_notes as server_notes
from janus_lab.adapters.vector.server import store as server


def _in_a_folder(request):
    return f"edge://{request.getfixturevalue('tmp_path')}/a folder/vectörs"


def _stand_in(request):
    return request.getfixturevalue("qdrant_stand_in_url")


ROWS = [
    ("edge", _in_a_folder, edge.open_vectors, edge_notes.open_index_notes),
    ("qdrant-stand-in", _stand_in, server.open_vectors, server_notes.open_index_notes),
]
if REAL:
    ROWS.append(
        (
            "qdrant",
            lambda request: request.getfixturevalue("qdrant_real_url"),
            server.open_vectors,
            server_notes.open_index_notes,
        )
    )


@pytest.fixture(params=[row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def engine(request):
    """A store's URL, what opens its vectors, and what opens its notes."""
    url, open_vectors, open_notes = request.param
    return url(request), open_vectors, open_notes


@pytest.fixture
def vectors(engine):
    url, open_vectors, _ = engine
    with open_vectors(url) as opened:
        opened.ensure(HOME, DIMENSIONS)
        yield opened


@pytest.fixture
def notes(engine):
    """The notes, opened before any vectors are."""
    url, _, open_notes = engine
    with open_notes(url) as opened:
        yield opened
