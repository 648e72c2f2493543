"""Models as plain text; the notebook shows the same cells in tables of its own."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.values.lease import RAM
from janus_lab.values.model import ModelTask, Origin
from janus_lab.values.model_status import DeviceMemory, ModelStatus, ModelView
from janus_lab.values.size import size
from janus_lab.verbs.plain.model_facts import NOTHING, left_alone, licence, place
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

HEADER = ("model", "for", "in use", "memory", "fits", "loaded", "tokens/s", "licence")
_NARROW = ("model", "for", "use", "memory", "fits", "loaded", "tokens/s")
"""A terminal has no room for licences: `models show` tells them."""


def view(value: ModelView) -> str:
    """A line a model, a line a memory, then what needs a word."""
    parts = [table(_NARROW, [cells(one)[: len(_NARROW)] for one in value.models])]
    if marks := legend(value):
        parts[0] += f"\n{marks}"
    if value.memory:
        parts.append("\n".join(memory(one) for one in value.memory))
    wrong = [f"{name}: {text}" for name, text in troubles(value)]
    return "\n\n".join([*parts, *("\n".join(words) for words in (searched(value), wrong) if words)])


def legend(value: ModelView) -> str:
    """What the marks in the table mean, as far as it has any."""
    shown = [cell for one in value.models for cell in cells(one)]
    marks = (
        ("≈", any(cell.startswith("≈") for cell in shown), "estimated"),
        ("*", any(cell.endswith(" *") for cell in shown), "with concessions, which `janus models fit` names"),
    )
    return "; ".join(f"{mark} {meaning}" for mark, there, meaning in marks if there)


def troubles(value: ModelView) -> list[tuple[str, str]]:
    """Models that can't be asked now, each with the reason."""
    found = []
    for one in value.models:
        why = [one_line(one.missing, 300)] if one.missing else []
        why += [f"left alone {resting}"] if (resting := left_alone(one)) else []
        found += [(one_line(one.record.name, 80), text) for text in why]
    return found


def searched(value: ModelView) -> list[str]:
    """Which embedding model each collection is searched by, a line a model."""
    return [
        f"searched by {one_line(one.record.name, 80)}: {one_line(', '.join(one.collections), 300)}"
        for one in value.models
        if one.collections
    ]


def memory(value: DeviceMemory) -> str:
    """One memory and what is in it: "memory 24.8 GB: 143 MB weights, 189 MB cache, 6.2 GB others, 18.1 GB free"."""
    kinds = [
        (sum(one.weights for one in value.shares), "weights"),
        (sum(one.cache for one in value.shares), "cache"),
        (sum(one.compute for one in value.shares), "buffers"),
        (value.leased, "other leases"),
        (value.others, "others"),
        (value.free, "free"),
    ]
    told = ", ".join(f"{size(number)} {kind}" for number, kind in kinds if number or kind == "free")
    return f"{one_line(value.name, 80)} {size(value.total)}: {told}"


def cells(value: ModelStatus) -> tuple[str, ...]:
    """One model in columns."""
    record = value.record
    return (
        one_line(record.name, 60),
        record.task.value,
        _use(value),
        _memory(value),
        _fits(value),
        _loaded(value),
        _speed(value),
        one_line(licence(value), 40),
    )


def _use(value: ModelStatus) -> str:
    if not left_alone(value):
        return place(value.place)
    return f"{place(value.place)}, left alone" if value.place else "left alone"


def _memory(value: ModelStatus) -> str:
    if (taken := value.footprint) is None:
        return "a server's" if value.record.served else NOTHING
    about = "" if taken.origin is Origin.MEASURED else "≈ "
    return f"{about}{size(sum(taken.total().values()))}"


def _fits(value: ModelStatus) -> str:
    if value.fit is None:
        return NOTHING
    if value.fit.now:
        return value.fit.place + (" *" if value.fit.steps else "")
    return "later" if value.fit.ever else "no"


def _loaded(value: ModelStatus) -> str:
    places: Sequence[str] = sorted({"+".join(n for n in one.covered if n != RAM) or "cpu" for one in value.residents})
    return ", ".join(places) or NOTHING


def _speed(value: ModelStatus) -> str:
    measured = value.measured
    if measured is None or not (measured.prompt_speed or measured.generation_speed):
        return NOTHING
    unit = " texts" * (value.record.task is ModelTask.RERANKING)
    return f"{measured.generation_speed or measured.prompt_speed:,.0f}{unit}"
