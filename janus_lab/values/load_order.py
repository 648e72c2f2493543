"""What a backend is given to open a model with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from janus_lab.errors import Defect
from janus_lab.values.generation import ModelInfo
from janus_lab.values.model import LoadPlan, ModelFiles, ModelRecord

StillWanted = Callable[[], None]
"""Asked again and again while a model is opened; what it raises ends that."""


def always() -> None:
    """Whoever orders a model waits for it, however long it takes to be opened."""


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """A model to be opened: its record, its files (None for a server's), how it is laid out, and what to compute with.

    `cache` is the folder for files that are prepared for fast use; `threads` 0 means one a physical core; `key` opens a server and
    is shown nowhere; `logs` is where a server that we start writes its log, and `memory_part` the part of its accelerator's memory
    that it may take where it lays that out by itself (0: it is not said). Who opens it asks whether it is `still_wanted` as often as
    the engine lets it, until it is open, and leaves nothing behind when that raises. `numbers` are those under which the engine knows the plan's accelerators, by
    their ids (those that are not there are known under their id).
    """

    record: ModelRecord
    info: ModelInfo
    files: ModelFiles | None = None
    plan: LoadPlan = field(default_factory=LoadPlan)
    cache: Path = Path()
    threads: int = 0
    batch_tokens: int = 512
    tokenizer: Path | None = None
    key: str = field(default="", repr=False)
    logs: Path = Path()
    memory_part: float = 0.0
    numbers: Mapping[str, int] = field(default_factory=dict)
    still_wanted: StillWanted = field(default=always, repr=False, compare=False)

    @property
    def file(self) -> Path:
        """The file to open. Raises Defect where the order is one for a server."""
        if self.files is None:
            raise Defect(f"the model {self.record.name} has no files", remedy="order it with them")
        return Path(self.files.paths[0])

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer's file. Raises Defect where the order names none."""
        if self.tokenizer is None:
            raise Defect(f"the model {self.record.name} has no tokenizer", remedy="order it with one")
        return self.tokenizer
