"""Speakers where only one model may speak, given as it is."""

from __future__ import annotations


class Alone:
    """Lets `backend` answer; with None, nobody."""

    def __init__(self, backend):
        self._backend = backend

    def any(self, name=""):
        return self._backend is not None

    def attempt(self, work, *, name="", begun):
        return work(self._backend)
