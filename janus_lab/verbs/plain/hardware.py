"""What a machine can do, as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.values.counted import count
from janus_lab.values.hardware import Advice, HardwareProfile, Inventory, ModelFit, ProfileWritten
from janus_lab.values.machine import Device
from janus_lab.values.size import size
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

FILES = "* not packaged: bring its GGUF file, and name it in generation_model as file:///path"
LATER = "`janus profile --write` writes these lines into janus.toml, and keeps the ones you wrote."
_SAME = "="


def hardware_profile(value: HardwareProfile) -> str:
    """The machine, the models that fit, the settings with their reasons, notes."""
    parts = [
        "\n".join(f"{name.ljust(12)} {text}" for name, text in machine_facts(value.inventory)),
        table(("models", "memory", "fits on", "what"), [fit_cells(fit) for fit in value.models]) + f"\n{FILES}",
        advice_table("setting", value.settings),
    ]
    if value.servers:
        parts.append(advice_table("variable of .env", value.servers))
    if value.notes:
        parts.append("\n".join(f"note: {one_line(note, 300)}" for note in value.notes))
    return "\n\n".join([*parts, LATER])


def machine_facts(value: Inventory) -> list[tuple[str, str]]:
    """What there is to say about a machine, name and text."""
    sample, processor = value.sample, value.processor
    cores = f", {count(processor.cores, 'core')}" if processor.cores else ""
    with_these = f" ({', '.join(processor.instructions)})" if processor.instructions else ""
    limits = ", as its container allows" if sample.limited else ""
    name = one_line(processor.name, 80)
    return [
        ("machine", f"{one_line(sample.machine, 80)}, {processor.system} {processor.architecture}".strip()),
        ("processors", f"{sample.cpu_count:g}{cores}{limits}{': ' if name else ''}{name}{with_these}"),
        ("memory", f"{size(sample.ram_total)}{limits}, {size(sample.ram_used)} in use"),
        *[(f"vram:{device.id}", _device(device)) for device in sample.devices],
        *([] if sample.devices else [("accelerators", "none")]),
        ("disk", f"{size(value.disk_free)} free"),
    ]


def fit_cells(value: ModelFit) -> tuple[str, str, str, str]:
    """Name, memory, place and what it is made of; a star where a file is to be brought."""
    return value.name, size(value.needed_bytes), _place(value), f"{value.models}{'' if value.packaged else ' *'}"


def advice_cells(value: Advice) -> tuple[str, str, str, str]:
    """Name, what it is, what is proposed (`=` where that is the same), and why."""
    name = f"[{value.table}] {value.name}" if value.table else value.name
    return name, f"{value.current}", _SAME if value.value == value.current else f"{value.value}", value.reason


def advice_table(kind: str, advice: Sequence[Advice]) -> str:
    """A line a setting."""
    return table((kind, "now", "proposed", "because"), [advice_cells(one) for one in advice])


def profile_written(value: ProfileWritten) -> str:
    """The difference, and what was kept."""
    parts = [
        value.diff.rstrip("\n") if value.diff else "Nothing to change: the files say already what suits this machine."
    ]
    if value.kept:
        kept = [f"  {one.name}, in {one_line(one.place, 200)} (proposed: {one.proposed})" for one in value.kept]
        parts.append("\n".join(["Kept as you wrote it:", *kept]))
    if value.notes:
        parts.append("\n".join(f"note: {one_line(note, 300)}" for note in value.notes))
    return "\n\n".join(parts)


def _place(value: ModelFit) -> str:
    if not value.place:
        return f"nothing: {size(value.lacking_bytes)} short"
    if value.place == "cpu":
        return "processors" + (f", about {value.work:.0f}× slower" if value.work > 1 else "")
    return value.place


def _device(value: Device) -> str:
    name = one_line(value.name, 80)
    if value.failure:
        return f"{name}: could not be measured: {one_line(value.failure, 200)}"
    return f"{name}, {size(value.memory_total)}, {size(value.memory_used)} in use"
