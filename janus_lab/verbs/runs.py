"""`runs`: what was done and is being done: list, show, follow, pause, resume, cancel, retry, prune."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from janus_lab.values.run import RunKind, RunState
from janus_lab.verbs.face import Face
from janus_lab.verbs.listings import Pruned, Runs, SearchResults, SharedRun
from janus_lab.verbs.options import add_json, age, positive
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb

if TYPE_CHECKING:
    from janus_lab.lab import Lab
    from janus_lab.runs.handle import RunHandle


def define(parser: VerbParser) -> None:
    """Actions and options of `runs`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", summary="List runs, newest first.", help="list runs, newest first (the default)"
    )
    listing.add_argument("-n", "--limit", type=positive, default=20, metavar="N", help="at most so many (default: 20)")
    listing.add_argument("--kind", choices=[kind.value for kind in RunKind], action="append", default=[])
    listing.add_argument("--state", choices=[state.value for state in RunState], action="append", default=[])
    add_json(listing)
    pruning = actions.add_parser(
        "prune", summary="Forget runs that ended long ago.", help="forget runs that ended long ago"
    )
    pruning.add_argument(
        "--older-than", type=age, default="30d", metavar="AGE", help="such as 30d, 12h or 45m (default: 30d)"
    )
    pruning.add_argument("--kind", choices=[kind.value for kind in RunKind], action="append", default=[])
    add_json(pruning)
    for name, summary in (
        ("show", "Show one run."),
        ("follow", "Attach to a run, whoever started it, and wait for its result."),
        ("pause", "Let a run rest after the step it is at, until it is resumed."),
        ("resume", "Let a paused run go on from its last finished step, and wait for its result."),
        ("cancel", "Ask a run to stop; what it has finished is kept."),
        ("retry", "Let a failed or cancelled run go on from its last finished step."),
    ):
        action = actions.add_parser(name, summary=summary, help=summary[0].lower() + summary[1:-1])
        action.add_argument("run", metavar="RUN", help="a run's id or the beginning of one")
        add_json(action)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """Runs, one Run (with its shares), how many were forgotten, or the result of the run that was followed."""
    lab = session.lab()
    if hasattr(args, "run"):
        return _one(lab, args, face)
    kinds = [RunKind(kind) for kind in args.kind]
    if args.action == "prune":
        return Pruned(lab.prune_runs(older_than_seconds=args.older_than, kinds=kinds))
    states = [RunState(state) for state in args.state]
    return Runs(lab.runs(limit=args.limit, kinds=kinds, states=states, brief=not args.json))


def _one(lab: Lab, args: Namespace, face: Face) -> object:
    """What is done to one run: it is shown, or stopped for now or for good, or waited for."""
    match args.action:
        case "show":
            run, shares = lab.run(args.run), tuple(lab.shares(args.run))
            return SharedRun(run, shares) if shares else run
        case "pause":
            return lab.pause(args.run)
        case "cancel":
            return lab.cancel(args.run)
    begin = {"follow": lab.attach, "resume": lab.resume, "retry": lab.retry}[args.action]
    return _result(begin(lab.run(args.run).id), args, face)


def _result(handle: RunHandle, args: Namespace, face: Face) -> object:
    from janus_lab.values.chat import ChatReply
    from janus_lab.values.index_generation import ReindexReport
    from janus_lab.values.ingest import IngestPlan, IngestReport

    on_event = None if args.json else face.follow
    run = handle.run()
    match run.kind:
        case RunKind.ASK:
            return handle.answer(on_event)
        case RunKind.CHAT:
            return handle.wait(ChatReply, on_event)
        case RunKind.INGEST:
            return handle.wait(IngestPlan if run.request.get("plan_only") else IngestReport, on_event)
        case RunKind.SEARCH:
            return SearchResults(handle.search_results())
        case RunKind.REINDEX:
            return handle.wait(ReindexReport, on_event)
        case _:
            handle.wait_json(on_event)
            return handle.run()


VERB = Verb(
    "runs",
    "List runs, follow, pause, cancel or retry one, forget old ones.",
    define,
    execute,
    examples=(
        "runs",
        "runs --kind ingest --state failed",
        "runs follow 0199ab",
        "runs pause 0199ab",
        "runs resume 0199ab",
        "runs retry 0199ab",
        "runs prune --older-than 30d",
    ),
    default_action="list",
)
