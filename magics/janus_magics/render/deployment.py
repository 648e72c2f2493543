"""What was set up and what was carried over, as HTML."""

from __future__ import annotations

from janus_lab.values.beginning import Beginning
from janus_lab.values.migration import MigrationPlan, MigrationReport
from janus_lab.verbs.plain import deployment
from janus_magics.render.markup import Markup, element, join, page, table


def beginning(value: Beginning) -> Markup:
    """What was made and kept, and the commands to type next."""
    rows = [("made", line) for line in value.made]
    rows += [("kept", line) for line in value.kept] + [("note", line) for line in value.notes]
    commands = join(element("div", element("code", line)) for line in value.next)
    return page(table(("", "what"), rows), element("div", "What to do next:", kind="small"), commands)


def plan(value: MigrationPlan) -> Markup:
    """How much a migration would carry."""
    return page(element("div", deployment.plan(value)))


def report(value: MigrationReport) -> Markup:
    """What was carried over, a line each."""
    return page(*(element("div", line) for line in deployment.report(value).splitlines()))
