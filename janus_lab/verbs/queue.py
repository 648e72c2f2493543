"""`queue`: what there is to do and who does it, and what was parked because no worker could handle it."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.errors import UsageError
from janus_lab.verbs.face import Face
from janus_lab.verbs.listings import DeadLetters
from janus_lab.verbs.options import add_json, positive
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def define(parser: VerbParser) -> None:
    """Actions and options of `queue`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    shown = actions.add_parser(
        "show", summary="Show queues, runs and steps.", help="show queues, runs and one run's steps (the default)"
    )
    shown.add_argument("--run", metavar="RUN", default="", help="show the last steps of this run, too")
    shown.add_argument("--once", action="store_true", help="as it is now: no live display in a notebook")
    add_json(shown)
    dead = actions.add_parser("dead", summary="List parked messages, oldest first.", help="list parked messages")
    dead.add_argument("-n", "--limit", type=positive, default=100, metavar="N", help="at most so many (default: 100)")
    add_json(dead)
    for name, summary in (
        ("redrive", "Queue parked messages again."),
        ("discard", "Drop parked messages for good; a run stays in the ledger."),
    ):
        action = actions.add_parser(name, summary=summary, help=summary[0].lower() + summary[1:-1])
        action.add_argument("ids", metavar="ID", nargs="*", help="a message's id, a run's, or the beginning of one")
        action.add_argument("--all", action="store_true", help="every parked message")
        add_json(action)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """Queues and runs, parked messages, or how many were queued again or dropped."""
    lab = session.lab()
    queues = lab.queues
    match args.action:
        case "dead":
            return DeadLetters(queues.dead(limit=args.limit))
        case "redrive":
            return _told(args, face, "redriven", queues.redrive(_ids(args)))
        case "discard":
            return _told(args, face, "discarded", queues.discard(_ids(args)))
        case _:
            return queues.now(lab.attach(args.run).id if args.run else None)


def _ids(args: Namespace) -> list[str] | None:
    if bool(args.ids) == args.all:
        raise UsageError(
            "name parked messages, or give --all", remedy=f"see `janus queue dead`, then `janus queue {args.action} ID`"
        )
    return None if args.all else list(args.ids)


def _told(args: Namespace, face: Face, done: str, count: int) -> object:
    if args.json:
        return {done: count}
    face.say(f"{count} message{'' if count == 1 else 's'} {done}")
    return None


VERB = Verb(
    "queue",
    "Show runs and who does them, live; list, redrive or discard messages that no worker could handle.",
    define,
    execute,
    examples=("queue", "queue --run 0199ab", "queue dead", "queue redrive 3f2a", "queue discard --all"),
    default_action="show",
)
