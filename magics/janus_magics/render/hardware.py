"""What a machine can do, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.values.hardware import Advice, HardwareProfile, ProfileWritten
from janus_lab.verbs.plain import hardware
from janus_magics.render.markup import Markup, details, element, facts, join, page, table


def hardware_profile(value: HardwareProfile) -> Markup:
    """The machine, the models that fit, the settings with their reasons, notes."""
    models = table(
        ("models", "memory", "fits on", "what"), [hardware.fit_cells(fit) for fit in value.models], numeric=(1,)
    )
    servers = details("Servers that run here: variables of .env", _advice("variable", value.servers))
    return page(
        facts(hardware.machine_facts(value.inventory)),
        models,
        element("div", hardware.FILES, kind="small dim"),
        _advice("setting", value.settings),
        *([servers] if value.servers else []),
        *(element("div", f"note: {note}", kind="small") for note in value.notes),
        element("div", hardware.LATER.replace("`janus", "`%janus"), kind="small dim"),
    )


def profile_written(value: ProfileWritten) -> Markup:
    """The difference, and what was kept."""
    if not value.diff and not value.kept:
        return page(element("div", hardware.profile_written(value)))
    lines = join((_changed(line) for line in value.diff.splitlines()), "\n")
    kept = [(one.name, one.place, f"{one.proposed}") for one in value.kept]
    return page(
        element("div", lines, kind="text") if value.diff else element("div", "Nothing to change."),
        *([element("div", "Kept as you wrote it:"), table(("setting", "in", "proposed"), kept)] if kept else []),
        *(element("div", f"note: {note}", kind="small") for note in value.notes),
    )


def _advice(kind: str, advice: Sequence[Advice]) -> Markup:
    rows = [hardware.advice_cells(one) for one in advice]
    return table((kind, "now", "proposed", "because"), rows, numeric=(1, 2), whole=(0,))


def _changed(line: str) -> Markup:
    if line.startswith(("+++", "---", "@@")):
        return element("code", line, kind="dim")
    return element("code", line, kind="good" if line.startswith("+") else "bad")
