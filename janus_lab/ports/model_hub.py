"""Where models are fetched from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from janus_lab.values.model import ModelFiles

Progress = Callable[[str, int, int], None]
"""Called with a file's name, and its bytes so far and in all, now and then."""


class ModelHub(Protocol):
    """A place on the network that holds models, with a cache on this machine that other programs may share.

    `uri` is `hf://organisation/repository[/file][@revision]`.
    """

    def cached(self, uri: str) -> ModelFiles | None:
        """The model's files, if all are on this machine and whole. Asks nobody."""
        ...

    def page(self, uri: str) -> str:
        """Where a person reads about the model and its terms."""
        ...

    def licence(self, uri: str) -> str:
        """The licence its publisher states; asks the hub where it is not known here."""
        ...

    def fetch(self, uri: str, *, progress: Progress, cancelled: Callable[[], bool]) -> ModelFiles:
        """Fetch what is missing, going on with what an earlier, broken fetch left, and check every hash.

        A branch or tag means the commit that it has now; the files' `uri` names that commit. `cancelled` may raise to end it, too.
        Raises NotFound, ModelGated for one that asks for consent, HashMismatch, DiskFull, StoreUnreachable, or RunCancelled.
        """
        ...
