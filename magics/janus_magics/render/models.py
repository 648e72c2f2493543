"""Models as HTML: a table, a bar a memory, and the facts of one."""

from __future__ import annotations

from janus_lab.values.model_run import BenchReport
from janus_lab.values.model_status import DeviceMemory, ModelStatus, ModelView
from janus_lab.values.size import size
from janus_lab.verbs.listings import ModelAdded, ModelFits
from janus_lab.verbs.plain import model_facts, model_speed, models
from janus_magics.render.markup import Markup, element, escape, facts, join, page, table

_NUMERIC = (3, 6)


def view(value: ModelView) -> Markup:
    """Models, then each memory with what is in it."""
    return page(
        table(models.HEADER, [models.cells(one) for one in value.models], numeric=_NUMERIC, whole=(0,)),
        *(memory(one) for one in value.memory),
        *(element("div", told, kind="dim small") for told in [*models.searched(value), models.legend(value)] if told),
        *(element("div", f"{name}: {text}", kind="small warn") for name, text in models.troubles(value)),
    )


def memory(value: DeviceMemory) -> Markup:
    """One memory as a bar: a piece for each kind of thing in it, named when pointed at."""
    pieces = [
        *((f"{one.model}: weights", one.weights, "#2a78d0") for one in value.shares),
        *((f"{one.model}: keys and values", one.cache, "#1f9d61") for one in value.shares),
        *((f"{one.model}: buffers", one.compute, "#8a6fd1") for one in value.shares),
        ("other leases", value.leased, "#d98200"),
        ("others", value.others, "rgba(128,128,128,.75)"),
    ]
    bar = join(_piece(name, amount, value.total, colour) for name, amount, colour in pieces if amount > 0)
    style = "display:flex;height:14px;border-radius:4px;overflow:hidden;background:rgba(128,128,128,.22);max-width:48em"
    return element(
        "div",
        element("div", models.memory(value), kind="small"),
        Markup(f'<div role="img" aria-label="{escape(models.memory(value))}" style="{style}">{bar}</div>'),
    )


def model(value: ModelStatus) -> Markup:
    """Everything of one model."""
    return page(facts(model_facts.facts(value)))


def added(value: ModelAdded) -> Markup:
    """What is known of a new model, and what may be done with it."""
    return page(
        facts(model_facts.facts(value)),
        element("div", model_facts.next_steps(value.record), kind="dim small"),
    )


def fits(value: ModelFits) -> Markup:
    """Whether a model fits."""
    return page(facts(model_facts.fits_facts(value)))


def bench(value: BenchReport) -> Markup:
    """Speeds, and how they grow with several requests at a time."""
    head = element("div", model_speed.bench_head(value))
    if not value.streams:
        return page(head)
    rows = [model_speed.bench_cells(one) for one in value.streams]
    foot = element("div", model_speed.bench_foot(value), kind="dim small")
    return page(head, table(model_speed.BENCH_HEADER, rows, numeric=(0, 1, 2)), foot)


def _piece(name: str, amount: int, total: int, colour: str) -> Markup:
    width = min(100.0, 100 * amount / total) if total else 0.0
    title = escape(f"{name}: {size(amount)}")
    return Markup(f'<div title="{title}" style="width:{width:.2f}%;min-width:2px;background:{colour}"></div>')
