"""`monitor`: what the machine has, who uses it, who holds leases and who waits."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.errors import NotFound
from janus_lab.values.board import Board
from janus_lab.verbs.face import Face
from janus_lab.verbs.options import add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def define(parser: VerbParser) -> None:
    """Options of `monitor`."""
    parser.add_argument("--once", action="store_true", help="as it is now, not live (a terminal always shows it so)")
    parser.add_argument("--machine", metavar="NAME", help="another machine of the engine room (default: this one)")
    add_json(parser)


def execute(args: Namespace, session: Session, _face: Face) -> Board:
    """The board. Raises NotFound for a machine that nobody measures."""
    board = session.lab().board(args.machine)
    if args.machine and args.machine not in board.machines:
        known = ", ".join(board.machines) or "none"
        raise NotFound(f"nobody measures a machine {args.machine!r}", remedy=f"name one of these: {known}")
    return board


VERB = Verb(
    "monitor",
    "Show memory, processors and GPUs, who uses them, leases held and waited for, queues and runs.",
    define,
    execute,
    examples=("monitor", "monitor --once", "monitor --json"),
)
