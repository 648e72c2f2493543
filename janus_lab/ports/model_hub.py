"""Where models are fetched from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from janus_lab.values.model import HubModel, ModelFiles

Progress = Callable[[str, int, int], None]
"""Called with a file's name, and its bytes so far and in all, now and then."""


class ModelHub(Protocol):
    """A place on the network that holds models, with a cache on this machine that other programs may share.

    `uri` is `hf://organisation/repository[/file][@revision]`.
    """

    def cached(self, uri: str) -> ModelFiles | None:
        """The model's files, if all are on this machine and whole. Asks nobody."""
        ...

    def find(self, uri: str) -> HubModel:
        """What the URI means now: a branch or tag, the commit that it has. Raises NotFound, ModelGated or HubUnreachable."""
        ...

    def fetch(self, model: HubModel, *, progress: Progress, cancelled: Callable[[], bool]) -> ModelFiles:
        """Fetch what is missing, going on with what an earlier, broken fetch left, and check every hash.

        The files are those of the commit that was found, whatever was published since, and their `uri` names it. `cancelled`
        may raise to end it, too.
        Raises NotFound, ModelGated for one that asks for consent, HashMismatch, DiskFull, HubUnreachable, or RunCancelled.
        """
        ...
