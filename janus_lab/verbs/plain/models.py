"""Models as plain text; the notebook shows the same cells in tables of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from janus_lab.values.counted import count
from janus_lab.values.lease import RAM
from janus_lab.values.model import CircuitState, Footprint, ModelTask
from janus_lab.values.model_run import BenchReport, LoadReport, PullReport
from janus_lab.values.model_status import DeviceMemory, Fit, ModelStatus, ModelView, Unloaded
from janus_lab.values.size import size
from janus_lab.values.weights import spoken
from janus_lab.verbs.listings import ModelChain, ModelForgotten
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

HEADER = ("model", "for", "in use", "memory", "fits", "loaded", "tokens/s", "licence")
_NOTHING = "–"


def view(value: ModelView) -> str:
    """A line a model, a line a memory, then what needs a word."""
    parts = [table(HEADER, [cells(one) for one in value.models])]
    if value.memory:
        parts.append("\n".join(memory(one) for one in value.memory))
    told = [f"{one_line(one.record.name, 80)} searches {searched(one)}" for one in value.models if one.collections]
    missing = [f"{one_line(one.record.name, 80)}: {one_line(one.missing, 300)}" for one in value.models if one.missing]
    return "\n\n".join([*parts, *("\n".join(words) for words in (told, missing) if words)])


def searched(value: ModelStatus) -> str:
    """Which collections are searched by an embedding model."""
    named = one_line(", ".join(value.collections), 300)
    return f"the {'collection' if len(value.collections) == 1 else 'collections'} {named}"


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
        _place(value.place),
        _memory(value),
        _fits(value),
        _loaded(value),
        _speed(value),
        one_line(value.files.licence, 40) if value.files is not None else _NOTHING,
    )


def model(value: ModelStatus) -> str:
    """Everything of one model, a fact a line."""
    return "\n".join(f"{name.ljust(13)} {text}" for name, text in facts(value))


def facts(value: ModelStatus) -> list[tuple[str, str]]:
    """What is known of a model, name and text."""
    record = value.record
    found = [("model", one_line(record.name, 120)), ("uri", one_line(record.uri, 300)), ("for", record.task.value)]
    if value.place:
        found.append(("in use", _place(value.place)))
    if value.collections:
        found.append(("searches", one_line(", ".join(value.collections), 300)))
    if value.missing:
        found.append(("missing", one_line(value.missing, 400)))
    if value.record.served:
        found.append(("memory", "a server's; this machine lends it none"))
    found += _file_facts(value)
    found += fit_facts(value.fit) if value.fit is not None else []
    found += _measured_facts(value)
    for one in value.residents:
        where = f"on {one_line(one.machine, 80)}, process {one.pid}"
        found.append(("loaded", f"{where}, {amounts(one.covered)}, for {duration(max(0.0, time.time() - one.since))}"))
    if value.circuit is not None and value.circuit.state is not CircuitState.CLOSED:
        found.append(("server", f"left alone for now: {one_line(value.circuit.reason, 300)}"))
    return found


def _file_facts(value: ModelStatus) -> list[tuple[str, str]]:
    files, shape = value.files, value.shape
    found: list[tuple[str, str]] = []
    if files is not None:
        found += [
            ("files", ", ".join(one_line(path, 300) for path in files.paths)),
            ("size", size(files.size)),
            ("sha-256", files.content_hash),
            ("licence", one_line(files.licence, 200)),
        ]
        if files.source:
            found.append(("source", one_line(files.source, 300)))
    if shape is not None:
        made = f"{shape.architecture}, {count(len(shape.layer_bytes), 'layer')}, {shape.quantization}"
        found.append(("shape", one_line(f"{made}, {shape.trained_context:,} tokens of context", 200)))
        if shape.facts:
            told = "; ".join(f"{one_line(name, 40)} {one_line(text, 100)}" for name, text in shape.facts.items())
            found.append(("its file says", told))
    return found


def _measured_facts(value: ModelStatus) -> list[tuple[str, str]]:
    measured = value.measured
    if measured is None:
        return []
    loads = f"{count(measured.loads, 'load')}, the last in {duration(measured.load_seconds)}"
    found = [("measured", f"{footprint(measured.footprint)}; {loads}")]
    if _speed(value) != _NOTHING:
        found.append(("tokens/s", f"{measured.prompt_speed:,.0f} read, {measured.generation_speed:,.0f} written"))
    return found


def fit_facts(value: Fit) -> list[tuple[str, str]]:
    """Whether, where and how it fits."""
    found = [("fits", verdict(value)), ("would take", footprint(value.footprint))]
    found.append(("free", amounts(value.free)))
    plan = value.plan
    if plan.cells and value.footprint.cache:
        held = f"{plan.context_tokens:,} tokens a request, {plan.cells:,} in all, {plan.cache_type}"
        found.append(("window", held))
    found += [("conceded", step) for step in value.steps]
    if value.evicts:
        found.append(("makes room", "unloads " + ", ".join(one_line(name, 80) for name in value.evicts)))
    return found


def verdict(value: Fit) -> str:
    """Whether it fits, in words."""
    where = "processors" if value.place == "cpu" else " and ".join(spoken(name) for name in value.place.split("+"))
    if value.now:
        return f"now, on {where}"
    return f"on {where}, once others make room" if value.ever else "not on this machine, as far as can be told"


def footprint(value: Footprint) -> str:
    """Weights, cache and buffers in all, with where each kind is from."""
    kinds = (("weights", value.weights), ("cache", value.cache), ("buffers", value.compute))
    told = ", ".join(f"{name} {size(sum(part.values()))}" for name, part in kinds if part)
    return f"{amounts(value.total())}: {told} ({value.origin.value})"


def amounts(values: Mapping[str, int]) -> str:
    """Bytes by resource: "334 MB memory, 4.2 GB GPU 0"."""
    return ", ".join(f"{size(number)} {spoken(name)}" for name, number in values.items() if number) or "nothing"


def chain(value: ModelChain) -> str:
    """Who serves, and who in its place."""
    if not value.records:
        return f"No model serves {value.task.value}."
    first, *rest = [one_line(record.name, 80) for record in value.records]
    after = f"; where it can't: {', then '.join(rest)}" if rest else ""
    later = "; indexes that stand are another's until `janus reindex`" if value.task is ModelTask.EMBEDDING else ""
    return f"{first} serves {value.task.value} from now on{after}{later}."


def forgotten(value: ModelForgotten) -> str:
    """What was forgotten."""
    if value.record is None:
        return "Nothing was forgotten."
    return f"{one_line(value.record.name, 80)} is forgotten" + ("." if value.record.served else "; its files stay.")


def loaded(value: LoadReport) -> str:
    """How it was loaded."""
    lines = [
        f"{one_line(value.name, 80)} {'was loaded already' if value.already else f'is loaded, in {duration(value.seconds)}'}"
    ]
    if value.measured is not None:
        lines.append(footprint(value.measured))
    elif value.covered:
        lines.append(amounts(value.covered))
    if value.context_tokens and value.task is ModelTask.GENERATION:
        lines.append(f"window: {value.context_tokens:,} tokens")
    return "\n".join([*lines, *(f"conceded: {one_line(note, 200)}" for note in value.notes)])


def pulled(value: PullReport) -> str:
    """What is here now."""
    files, record = value.files, value.record
    return "\n".join(
        [
            f"{one_line(record.name, 80)} is here: {size(files.size)} in {duration(value.seconds)}, every hash checked",
            f"from {one_line(files.source or files.uri, 300)}, licence {one_line(files.licence, 200)}",
            f"`janus models use {one_line(record.name, 80)} --for {record.task.value}` lets it serve",
        ]
    )


def unloaded(value: Unloaded) -> str:
    """What came of it."""
    if not value.asked:
        return f"{one_line(value.name, 80)} was not loaded."
    if value.left:
        return (
            f"{one_line(value.name, 80)} is still in use in {count(value.left, 'process')}; it is unloaded after that."
        )
    return f"{one_line(value.name, 80)} is unloaded."


def bench(value: BenchReport) -> str:
    """Speeds, and how they grow with several requests at a time."""
    lines = [f"{one_line(value.name, 80)}: reads {value.prompt_speed:,.0f} tokens/s"]
    if value.generation_speed:
        lines[0] += f", writes {value.generation_speed:,.1f} tokens/s"
    rows = [(f"{one.streams}", duration(one.first_seconds), f"{one.speed:,.1f}") for one in value.streams]
    return "\n\n".join(
        [*lines, *([table(("requests at a time", "first piece", "tokens/s in all"), rows)] if rows else [])]
    )


def _place(place: int) -> str:
    return {0: _NOTHING, 1: "yes"}.get(place, f"{place}.")


def _memory(value: ModelStatus) -> str:
    if value.measured is not None:
        return size(sum(value.measured.footprint.total().values()))
    if value.fit is not None:
        return f"≈ {size(sum(value.fit.footprint.total().values()))}"
    return "a server's" if value.record.served else _NOTHING


def _fits(value: ModelStatus) -> str:
    if value.fit is None:
        return "left alone" if value.circuit is not None else _NOTHING
    if value.fit.now:
        return value.fit.place + (" *" if value.fit.steps else "")
    return "later" if value.fit.ever else "no"


def _loaded(value: ModelStatus) -> str:
    places: Sequence[str] = sorted({"+".join(n for n in one.covered if n != RAM) or "cpu" for one in value.residents})
    return ", ".join(places) or _NOTHING


def _speed(value: ModelStatus) -> str:
    measured = value.measured
    if measured is None or not (measured.prompt_speed or measured.generation_speed):
        return _NOTHING
    return f"{measured.generation_speed or measured.prompt_speed:,.0f}"
