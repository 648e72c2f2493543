"""Every vector store, with an empty collection."""

from __future__ import annotations

import pytest
from qdrant_engines import REAL
from vector_points import DIMENSIONS, HOME

from janus_lab.adapters.vector import edge
from janus_lab.adapters.vector.server import store as server

ROWS = [
    ("edge", lambda request: edge.open_vectors(f"edge://{request.getfixturevalue('tmp_path')}/a folder/vectörs")),
    ("qdrant-stand-in", lambda request: server.open_vectors(request.getfixturevalue("qdrant_stand_in_url"))),
]
if REAL:
    ROWS.append(("qdrant", lambda request: server.open_vectors(request.getfixturevalue("qdrant_real_url"))))


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def vectors(request):
    with request.param(request) as opened:
        opened.ensure(HOME, DIMENSIONS)
        yield opened
