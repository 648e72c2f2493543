"""What the vectors in a folder say of themselves, read beside the process that owns them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from janus_lab.adapters.disk import disk_errors
from janus_lab.adapters.vector import collection as on_disk
from janus_lab.ports.index_notes import IndexNotes
from janus_lab.values.index_generation import IndexGeneration

_SCHEME = "edge://"
_LOOKS = 3


@contextmanager
def open_index_notes(url: str) -> Iterator[IndexNotes]:
    """The notes in the folder at `url` (edge:///absolute/path), which need not be there."""
    yield EdgeNotes(Path(url.removeprefix(_SCHEME)))


class EdgeNotes:
    """Notes in files, each of which is put in its place at once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def serving(self) -> list[IndexGeneration]:
        """The generation that serves each collection. Raises DataTooNew, DataDirectoryUnusable."""
        with disk_errors(self._root):
            for _ in range(_LOOKS):
                with suppress(FileNotFoundError):  # a generation was dropped meanwhile
                    return self._read()
            return self._read()

    def _read(self) -> list[IndexGeneration]:
        root = self._root
        notes = [note for note in on_disk.notes(root) if note.number == on_disk.serving(root, note.name)]
        return sorted((note.generation(serving=True) for note in notes), key=lambda one: one.collection)
