"""`worker`: workers in the foreground, for containers and other machines."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.verbs.face import Face
from janus_lab.verbs.options import positive
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def define(parser: VerbParser) -> None:
    """Options of `worker`."""
    parser.add_argument("--processes", type=positive, default=None, metavar="N", help="how many (default: the setting)")


def execute(args: Namespace, session: Session, face: Face) -> object:
    """Nothing: this process becomes the one that keeps workers running, unless the face must live on."""
    face.give_way("janus worker")
    session.work_here(args.processes)
    return None


VERB = Verb(
    "worker",
    "Carry out runs in the foreground, for servers that the settings name, until SIGTERM. Logs go to standard error.",
    define,
    execute,
    examples=("worker", "worker --processes 4"),
)
