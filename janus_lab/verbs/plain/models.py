"""Models as plain text; the notebook shows the same cells in tables of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence

from janus_lab.values.counted import count
from janus_lab.values.lease import RAM
from janus_lab.values.model import CircuitState, ModelTask, Origin
from janus_lab.values.model_status import DeviceMemory, ModelStatus, ModelView
from janus_lab.values.size import size
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.model_fit import amounts, fit_facts, footprint
from janus_lab.verbs.plain.model_speed import speeds
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
    wrong = [f"{name}: {text}" for name, text in troubles(value)]
    return "\n\n".join([*parts, *("\n".join(words) for words in (told, wrong) if words)])


def troubles(value: ModelView) -> list[tuple[str, str]]:
    """Models that can't be asked now, each with the reason."""
    found = []
    for one in value.models:
        why = [one_line(one.missing, 300)] if one.missing else []
        why += [f"left alone {resting}"] if (resting := left_alone(one)) else []
        found += [(one_line(one.record.name, 80), text) for text in why]
    return found


def left_alone(value: ModelStatus) -> str:
    """For how long nobody is asked to try a model that failed again and again, and why; "" for one that may be asked."""
    circuit = value.circuit
    left = circuit.again_at - time.time() if circuit is not None and circuit.state is not CircuitState.CLOSED else 0.0
    if circuit is None or left <= 0:
        return ""
    return f"for {duration(left)} more, after {count(circuit.failures, 'failure')}: {one_line(circuit.reason, 300)}"


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
        _use(value),
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
    if resting := left_alone(value):
        found.append(("left alone", resting))
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
    found = []
    if measured.footprint.total():
        loads = f"; {count(measured.loads, 'load')}, the last in {duration(measured.load_seconds)}" * bool(
            measured.loads
        )
        found.append(("measured", f"{footprint(measured.footprint)}{loads}"))
    if measured.prompt_speed or measured.generation_speed:
        found.append(("speed", speeds(value.record.task, measured.prompt_speed, measured.generation_speed)))
    return found


def _place(place: int) -> str:
    return {0: _NOTHING, 1: "yes"}.get(place, f"{place}.")


def _use(value: ModelStatus) -> str:
    if not left_alone(value):
        return _place(value.place)
    return f"{_place(value.place)}, left alone" if value.place else "left alone"


def _memory(value: ModelStatus) -> str:
    if (taken := value.footprint) is None:
        return "a server's" if value.record.served else _NOTHING
    about = "" if taken.origin is Origin.MEASURED else "≈ "
    return f"{about}{size(sum(taken.total().values()))}"


def _fits(value: ModelStatus) -> str:
    if value.fit is None:
        return _NOTHING
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
    unit = " texts" * (value.record.task is ModelTask.RERANKING)
    return f"{measured.generation_speed or measured.prompt_speed:,.0f}{unit}"
