"""What is known of one model, as plain text: a fact a line."""

from __future__ import annotations

import time

from janus_lab.values.counted import count
from janus_lab.values.model import CircuitState, Measurement, ModelRecord, ModelTask
from janus_lab.values.model_status import ModelStatus
from janus_lab.values.size import size
from janus_lab.verbs.listings import ModelAdded, ModelFits
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.model_fit import amounts, fit_facts, footprint
from janus_lab.verbs.plain.model_speed import speeds
from janus_lab.verbs.plain.printable import one_line

NOTHING = "–"


def model(value: ModelStatus) -> str:
    """Everything of one model, a fact a line."""
    return "\n".join(f"{name.ljust(13)} {text}" for name, text in facts(value))


def facts(value: ModelStatus) -> list[tuple[str, str]]:
    """What is known of a model, name and text."""
    record = value.record
    found = [("model", one_line(record.name, 120)), ("uri", one_line(record.uri, 300)), ("for", record.task.value)]
    if value.place:
        found.append(("in use", place(value.place)))
    if value.collections:
        found.append(("searches", one_line(", ".join(value.collections), 300)))
    found += _without_files(value)
    found += _file_facts(value)
    found += fit_facts(value.fit) if value.fit is not None else []
    found += _measured_facts(value)
    return found + _loaded_facts(value)


def added(value: ModelAdded) -> str:
    """What is known of a new model, and what may be done with it."""
    return f"{model(value)}\n\n{next_steps(value.record)}"


def next_steps(record: ModelRecord) -> str:
    """What to type next for a model that was just made known."""
    name, task = one_line(record.name, 80), f" --for {record.task.value}" * (record.task is not ModelTask.GENERATION)
    fits = "" if record.served else f"; `janus models fit {name}` tells whether it fits"
    return f"`janus models use {name}{task}` lets it serve{fits}"


def fits(value: ModelFits) -> str:
    """Whether a model fits, a fact a line."""
    return "\n".join(f"{name.ljust(13)} {text}" for name, text in fits_facts(value))


def fits_facts(value: ModelFits) -> list[tuple[str, str]]:
    """The model's name and what counts for whether it fits."""
    found = [("model", one_line(value.record.name, 120)), *_without_files(value)]
    return found + (fit_facts(value.fit) if value.fit is not None else []) + _loaded_facts(value)


def left_alone(value: ModelStatus) -> str:
    """For how long nobody is asked to try a model that failed again and again, and why; "" for one that may be asked."""
    circuit = value.circuit
    left = circuit.again_at - time.time() if circuit is not None and circuit.state is not CircuitState.CLOSED else 0.0
    if circuit is None or left <= 0:
        return ""
    return f"for {duration(left)} more, after {count(circuit.failures, 'failure')}: {one_line(circuit.reason, 300)}"


def licence(value: ModelStatus) -> str:
    """As its source states it, else as its file does."""
    stated = value.files.licence if value.files is not None else NOTHING
    return value.shape.facts.get("licence", stated) if stated == "unknown" and value.shape is not None else stated


def place(rank: int) -> str:
    """A model's place in its task's chain: "yes" for the one in use, "2." for the one in its place, "–" for none."""
    return {0: NOTHING, 1: "yes"}.get(rank, f"{rank}.")


def _without_files(value: ModelStatus) -> list[tuple[str, str]]:
    """Why there are no files, or nothing to load."""
    found = [("missing", one_line(value.missing, 400))] if value.missing else []
    return found + ([("memory", "a server's; this machine lends it none")] if value.record.served else [])


def _file_facts(value: ModelStatus) -> list[tuple[str, str]]:
    files, shape = value.files, value.shape
    found: list[tuple[str, str]] = []
    if files is not None:
        found += [
            ("files", ", ".join(one_line(path, 300) for path in files.paths)),
            ("size", size(files.size)),
            ("sha-256", files.content_hash),
            ("licence", one_line(licence(value), 200)),
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
        found.append(("measured", "; ".join(part for part in (_other_plan(value), _loads(measured)) if part)))
    if measured.prompt_speed or measured.generation_speed:
        found.append(("speed", speeds(value.record.task, measured.prompt_speed, measured.generation_speed)))
    return found


def _loaded_facts(value: ModelStatus) -> list[tuple[str, str]]:
    """Where it is loaded, and whether it is left alone."""
    found = []
    for one in value.residents:
        where = f"on {one_line(one.machine, 80)}, process {one.pid}"
        found.append(("loaded", f"{where}, {amounts(one.covered)}, for {duration(max(0.0, time.time() - one.since))}"))
    return found + ([("left alone", resting)] if (resting := left_alone(value)) else [])


def _other_plan(value: ModelStatus) -> str:
    """What was measured of another plan than the one at hand; "" where it is the same, and told with how it fits."""
    measured, fit = value.measured, value.fit
    if measured is None or (fit is not None and measured.plan.same(fit.plan)):
        return ""
    plan = measured.plan
    window = f", with {plan.context_tokens:,} tokens a request, {plan.cells:,} in all" * (fit is not None)
    return f"{footprint(measured.footprint)}{window}"


def _loads(value: Measurement) -> str:
    return f"{count(value.loads, 'load')}, the last in {duration(value.load_seconds)}" if value.loads else ""
