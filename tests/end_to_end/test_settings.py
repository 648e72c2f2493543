"""Settings given by a caller reach the worker that the call starts."""

from __future__ import annotations

import pytest

from janus_lab.errors import RunFailed


def test_a_setting_given_to_open_lab_counts_in_the_engine_room_it_starts(project, new_lab):
    (project / "note.txt").write_text("The pump was built in 1931.", encoding="utf-8")
    lab = new_lab(project / ".janus", embedding_model="package://no-such-package/model.onnx")
    with pytest.raises(RunFailed, match="no-such-package") as caught:
        lab.ingest(project / "note.txt")
    assert "pip install" in caught.value.remedy
    assert lab.documents() == []
