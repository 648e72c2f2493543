"""How many threads a model computes with."""

from __future__ import annotations

import pytest

from janus_lab.adapters.backend.processors import model_threads


class Share:
    """Control groups that leave so many processors."""

    def __init__(self, processors):
        self._processors = processors

    def processors(self):
        return self._processors


@pytest.mark.parametrize(("share", "threads"), [(None, 32), (1.5, 1), (0.2, 1), (8.0, 8), (500.0, 32)])
def test_a_containers_share_counts(monkeypatch, share, threads):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    monkeypatch.setattr("psutil.cpu_count", lambda logical=True: 64 if logical else 32)
    assert model_threads(0, Share(share)) == threads
    assert model_threads(200, Share(share)) == max(1, int(min(share or 64, 64)))
    assert model_threads(1, Share(share)) == 1
