"""What a lab asks about its models before they are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from janus_lab.values.index_generation import IndexGeneration
from janus_lab.values.lease import LeaseBook
from janus_lab.values.model import ModelFiles, ModelRecord, ModelShape
from janus_lab.values.model_status import Fit


class Outlook(Protocol):
    """What can be told of a model before it is loaded."""

    def placed(self, record: ModelRecord) -> ModelRecord:
        """The record with its address as it is kept: a file's is absolute. Raises UserError or NotFound for one that leads nowhere."""
        ...

    def indexes(self) -> Sequence[IndexGeneration]:
        """What serves each collection. Raises StoreUnreachable."""
        ...

    def files(self, record: ModelRecord) -> ModelFiles | None:
        """Its files; None for a server's model. Raises a JanusError with the way to them where they are not here."""
        ...

    def shape(self, record: ModelRecord, files: ModelFiles) -> ModelShape | None:
        """What its file's metadata says; None for files that tell nothing. Raises CorruptFile."""
        ...

    def fit(
        self, record: ModelRecord, files: ModelFiles, shape: ModelShape | None, book: LeaseBook | None
    ) -> Fit | None:
        """How it would be laid out on this machine now, by the book of its leases if there is one."""
        ...
