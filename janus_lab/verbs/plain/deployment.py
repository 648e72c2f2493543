"""What was set up and what was carried over, as plain text."""

from __future__ import annotations

from janus_lab.values.beginning import Beginning


def beginning(value: Beginning) -> str:
    """What was made and kept, and the commands to type next."""
    lines = [f"made  {line}" for line in value.made]
    lines += [f"kept  {line}" for line in value.kept]
    lines += [f"note: {line}" for line in value.notes]
    lines += ["", "What to do next:", *(f"  {line}" for line in value.next)]
    return "\n".join(lines)
