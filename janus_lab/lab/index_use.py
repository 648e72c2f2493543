"""Which collections are searched by which embedding model, and what would become of them without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from janus_lab.errors import ModelInUse
from janus_lab.values.index_generation import IndexGeneration, IndexModel
from janus_lab.values.model import ModelRecord, ModelTask


def indexed_by(
    record: ModelRecord, serving: Iterable[IndexGeneration], known: Callable[[str], bool]
) -> tuple[str, ...]:
    """Collections that are searched by this model: it has the name that was noted, or the address if no `known` one has that name."""
    if record.task is not ModelTask.EMBEDDING:
        return ()
    return tuple(
        one.collection
        for one in serving
        if one.model is not None
        and (one.model.name == record.name or (one.model.uri == record.uri and not known(one.model.name)))
    )


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
        whose = f"collection {needed[0]} is" if len(needed) == 1 else f"collections {', '.join(needed)} are"
        raise ModelInUse(
            f"{whose} searched by {record.name}",
            remedy=f"`janus reindex -c {needed[0]} OTHER` indexes it by another model first; `janus models remove {record.name} --yes` forgets it all the same",
        )


def _means(record: ModelRecord, noted: IndexModel) -> bool:
    return noted.name == record.name or noted.uri == record.uri
