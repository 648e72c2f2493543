"""How a model fits a machine, and what it takes of it, as plain text."""

from __future__ import annotations

from collections.abc import Mapping

from janus_lab.values.model import Footprint
from janus_lab.values.model_status import Fit
from janus_lab.values.size import size
from janus_lab.values.weights import spoken
from janus_lab.verbs.plain.printable import one_line


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
        found.append(("makes room", "unloads " + ", then ".join(one_line(name, 80) for name in value.evicts)))
    found += [("stays loaded", one_line(told, 200)) for told in value.kept]
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
