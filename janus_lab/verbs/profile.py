"""`profile`: what this machine can do, and the settings that suit it."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.verbs.face import Face
from janus_lab.verbs.options import add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def _define(parser: VerbParser) -> None:
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the proposed lines into janus.toml (and .env, for servers here) and show what changed",
    )
    add_json(parser)


def _execute(args: Namespace, session: Session, _face: Face) -> object:
    hardware = session.hardware()
    return hardware.write() if args.write else hardware.profile()


VERB = Verb(
    "profile",
    "What this machine can do, which models fit it, and the settings that suit it.",
    _define,
    _execute,
    ("profile", "profile --write", "profile --json"),
)
