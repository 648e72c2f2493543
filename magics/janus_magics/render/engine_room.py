"""Runs, the engine room and the session as HTML."""

from __future__ import annotations

from janus_lab.values.health import EngineRoomStatus, HealthReport, Verdict
from janus_lab.values.run import Run, RunState
from janus_lab.verbs.listings import Runs, SharedRun
from janus_lab.verbs.plain.amounts import duration, moment
from janus_lab.verbs.plain.engine_room import MARKS, run_facts, run_seconds, status_facts, subject
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.session import Using
from janus_magics.render.markup import Markup, element, facts, join, page, table

_STATES = {
    RunState.QUEUED: "dim",
    RunState.RUNNING: "warn",
    RunState.PAUSED: "warn",
    RunState.DONE: "good",
    RunState.FAILED: "bad",
    RunState.CANCELLED: "dim",
}
_VERDICTS = {Verdict.OK: "good", Verdict.WARNING: "warn", Verdict.FAILED: "bad"}


def runs(value: Runs) -> Markup:
    """A row a run."""
    if not value:
        return page(element("div", "No runs.", kind="dim"))
    rows = [
        (
            element("code", r.id[:13], title=r.id),
            r.kind.value,
            _state(r),
            moment(r.created_at),
            duration(run_seconds(r)),
            one_line(subject(r), 100),
        )
        for r in value
    ]
    return page(table(("id", "kind", "state", "created", "ended after", "what"), rows, numeric=(4,)))


def _state(value: Run) -> Markup:
    error = f"{value.error.code}: {value.error.message}" if value.error is not None else ""
    return element("span", value.state.value, kind=_STATES[value.state], title=error)


def run(value: Run) -> Markup:
    """One run with everything known about it."""
    return page(facts(run_facts(value)))


def shared_run(value: SharedRun) -> Markup:
    """One run, and a row for each of its shares."""
    return page(
        facts(run_facts(value.run)), element("div", "shared among workers", kind="dim"), runs(Runs(value.shares))
    )


def status(value: EngineRoomStatus) -> Markup:
    """The engine room."""
    kind, word = ("good", "running") if value.running else ("dim", "not running")
    return page(element("div", element("span", word, kind=f"badge {kind}")), facts(status_facts(value)[1:]))


def health(value: HealthReport) -> Markup:
    """A row a check, with what to do where one is not well."""
    kind, word = ("good", "all is well") if value.healthy else ("bad", "something needs your hand")
    rows = [
        (
            element("span", MARKS[c.verdict], kind=_VERDICTS[c.verdict]),
            c.name,
            join(
                (c.detail, element("div", c.remedy, kind="small") if c.remedy and c.verdict is not Verdict.OK else "")
            ),
        )
        for c in value.checks
    ]
    return page(element("div", element("span", word, kind=f"badge {kind}")), table(("", "check", "found"), rows))


def using(value: Using) -> Markup:
    """What the session uses."""
    pairs = [("profile", value.profile), ("collection", value.collection), ("data", value.home)]
    return page(facts([*pairs, *value.servers.items()]))
