"""The face in a cell: what its one display shows while a run goes on."""

import pytest

from janus_lab.values.event import Event, EventKind
from janus_magics import notebook_face
from janus_magics.notebook_face import NotebookFace


@pytest.fixture
def shown(monkeypatch):
    """The texts that the cell has shown, the latest last."""
    texts: list[str] = []
    for name in ("display", "update_display"):
        monkeypatch.setattr(notebook_face, name, lambda content, **_: texts.append(content["text/plain"]))
    return texts


def test_a_draft_that_begins_anew_is_shown_once(shown):
    face = NotebookFace()
    for attempt in (1, 2):
        face.follow(Event("r", EventKind.STATE, {"state": "running", "attempt": attempt}, 0.0))
        face.follow(Event("r", EventKind.TOKEN, {"text": "Lima is old."}, 0.0))
    assert shown[-1] == "Lima is old."
