"""What was set up and what was carried over, as plain text."""

from __future__ import annotations

from collections.abc import Mapping

from janus_lab.values.beginning import Beginning
from janus_lab.values.counted import count
from janus_lab.values.migration import MigrationPlan, MigrationReport
from janus_lab.values.size import size
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.printable import one_line

_SHOWN = 20


def beginning(value: Beginning) -> str:
    """What was made and kept, and the commands to type next."""
    lines = [f"made  {line}" for line in value.made]
    lines += [f"kept  {line}" for line in value.kept]
    lines += [f"note: {line}" for line in value.notes]
    lines += ["", "What to do next:", *(f"  {line}" for line in value.next)]
    return "\n".join(lines)


def plan(value: MigrationPlan) -> str:
    """How much a migration would carry, and how long it may take."""
    goes_on = ", going on with what was begun" if value.resumes else ""
    originals = f"{size(value.object_bytes)} of originals"
    return f"{value.source} → {value.target}{goes_on}: {_amounts(value.amounts)}; {originals}; about {duration(value.seconds)}"


def report(value: MigrationReport) -> str:
    """What was carried over, what was not, and what to type next."""
    lines = [
        f"{value.source} → {value.target} in {duration(value.seconds)}, compared and equal: {_amounts(value.amounts)}"
    ]
    if value.forgotten:
        lines.append(
            f"{count(len(value.forgotten), 'document')} without embeddings, which the next ingest of them makes:"
        )
        lines += [f"  {one_line(origin, 200)}" for origin in value.forgotten[:_SHOWN]]
    if value.damaged:
        lines.append(f"left behind as damaged: {count(len(value.damaged), 'original')}; ingest their files again:")
        lines += [f"  {key}" for key in value.damaged[:_SHOWN]]
    lines += [f"{value.source} is as it was.", "What to do next:", f"  janus use {value.target} --save"]
    return "\n".join(lines)


def _amounts(amounts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in amounts.items())
