"""`top`: the board, runs and keys in a terminal, live."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace

from janus_lab.values.board import Board
from janus_lab.verbs.face import Face
from janus_lab.verbs.monitor import execute as monitor
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb

_OFTENEST = 0.2


def define(parser: VerbParser) -> None:
    """Options of `top`."""
    parser.add_argument("--machine", metavar="NAME", help="another machine of the engine room (default: this one)")
    parser.add_argument("--every", type=_seconds, default=1.0, metavar="SECONDS", help="how often to look (default: 1)")


def execute(args: Namespace, session: Session, face: Face) -> Board:
    """The board as it is now, where there is no terminal to draw on; a terminal's face shows it live instead."""
    face.give_way("janus top")
    return monitor(args, session, face)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _OFTENEST <= seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no number of seconds of at least {_OFTENEST}")
    return seconds


VERB = Verb(
    "top",
    "Watch memory, processors, GPUs, leases, runs and keys in a terminal; q quits.",
    define,
    execute,
    examples=("top", "top --every 0.5"),
)
