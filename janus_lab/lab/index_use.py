"""Which collections are searched by which embedding model, and what would become of them without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from janus_lab.errors import ModelInUse
from janus_lab.values.counted import count
from janus_lab.values.index_generation import IndexGeneration, IndexModel
from janus_lab.values.model import ModelRecord, ModelTask


def indexed_by(record: ModelRecord, serving: Iterable[IndexGeneration]) -> tuple[str, ...]:
    """Collections whose index is of this model, as was noted when they were made."""
    if record.task is not ModelTask.EMBEDDING:
        return ()
    return tuple(one.collection for one in serving if one.model is not None and _means(record, one.model))


def require_unneeded(record: ModelRecord, others: Sequence[ModelRecord], serving: Iterable[IndexGeneration]) -> None:
    """Raise ModelInUse if collections are searched by this model, and none of the others has their model's name or address."""
    needed = [
        one.collection
        for one in serving
        if record.task is ModelTask.EMBEDDING
        and one.model is not None
        and _means(record, one.model)
        and not any(_means(other, one.model) for other in others)
    ]
    if needed:
        raise ModelInUse(
            f"{record.name} is what {count(len(needed), 'collection')} ({', '.join(needed)}) "
            f"{'is' if len(needed) == 1 else 'are'} searched by",
            remedy=f"`janus reindex -c {needed[0]} OTHER` indexes it by another model first; --yes goes on all the same",
        )


def _means(record: ModelRecord, noted: IndexModel) -> bool:
    return noted.name == record.name or noted.uri == record.uri
