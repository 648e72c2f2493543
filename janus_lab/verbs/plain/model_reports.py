"""What came of what was done to models, as plain text."""

from __future__ import annotations

from janus_lab.values.counted import count
from janus_lab.values.model import ModelTask
from janus_lab.values.model_run import LoadReport, PullReport
from janus_lab.values.model_status import Unloaded
from janus_lab.values.size import size
from janus_lab.verbs.listings import ModelChain, ModelForgotten
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.model_facts import next_steps
from janus_lab.verbs.plain.model_fit import amounts, footprint
from janus_lab.verbs.plain.printable import one_line


def chain(value: ModelChain) -> str:
    """Who serves, and who in its place."""
    if not value.records:
        return f"No model serves {value.task.value}."
    first, *rest = [one_line(record.name, 80) for record in value.records]
    after = f"; where it can't: {', then '.join(rest)}" if rest else ""
    if not value.others:
        return f"{first} serves {value.task.value} from now on{after}."
    names = one_line(", ".join(value.others), 300)
    each = f"`janus reindex -c {one_line(value.others[0], 80)}`" + " and so on" * (len(value.others) > 1)
    return f"{first} serves {value.task.value} from now on{after}; another model searches {names} until {each}."


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
    files, name = value.files, one_line(value.record.name, 80)
    fetched = files.uri.startswith("hf:")
    come = (
        f"is here: {size(files.size)} in {duration(value.seconds)}, every hash checked" if fetched else "is known now"
    )
    return "\n".join(
        [
            f"{name} {come}",
            f"from {one_line(files.source or files.uri, 300)}, licence {one_line(files.licence, 200)}",
            next_steps(value.record),
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
