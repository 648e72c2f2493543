"""Which model reads questions and texts together: the one in use, or, where it can't, the next in its chain, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from janus_lab.errors import JanusError
from janus_lab.inference.chain import PATIENCE_SECONDS, UNABLE
from janus_lab.inference.circuit import Breaker
from janus_lab.ports.reranking import RerankingBackend
from janus_lab.scheduler.work import Somebody, current_work, lost_before
from janus_lab.values.generation import ModelInfo
from janus_lab.values.model import ModelRecord


@dataclass(frozen=True, slots=True)
class Reranked:
    """One score a text, higher is better, and the model that gave them."""

    scores: Sequence[float]
    model: ModelInfo


class Rerankers:
    """The models in the order in which they are tried. Without `fallback` it is the first one or an error.

    `backend` gives one with the seconds for which its memory is waited for: not long, as hits that nobody put in order are better
    than none.
    """

    def __init__(
        self,
        records: Callable[[], Sequence[ModelRecord]],
        backend: Callable[[ModelRecord, float], RerankingBackend],
        breaker: Breaker,
        *,
        fallback: bool,
    ) -> None:
        self._records = records
        self._backend = backend
        self._breaker = breaker
        self._fallback = fallback

    def any(self) -> bool:
        """Whether a model was chosen for it at all."""
        return bool(self._records())

    def rerank(self, query: str, texts: Sequence[str]) -> Reranked | None:
        """What the first model says that can; None, and whoever asked is told, where none can. Raises what the model raised."""
        patience = PATIENCE_SECONDS if self._fallback else float("inf")
        for record in self._records():
            try:
                with self._breaker.guarding(record.name, lost_before()):
                    backend = self._backend(record, patience)
                    return Reranked(backend.rerank(query, texts), backend.info)
            except UNABLE as error:
                if not self._fallback:
                    raise
                _tell(record, error)
        return None


def _tell(failed: ModelRecord, error: JanusError) -> None:
    work = current_work()
    asker = work.asker if work is not None else Somebody()
    asker.told(
        "model-fallback", f"{failed.name} can't put hits in order ({error.code}: {error.message}), so it was not asked"
    )
