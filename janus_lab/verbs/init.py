"""`init`: a data directory and its settings here; with `--stack`, what servers need as well."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.errors import UsageError
from janus_lab.verbs.face import Face
from janus_lab.verbs.options import add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def _define(parser: VerbParser) -> None:
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="where (default: here)")
    parser.add_argument(
        "--stack", action="store_true", help="also .env with new passwords, compose.yaml, and the profile stack"
    )
    parser.add_argument(
        "--force", action="store_true", help="write compose.yaml again; passwords and settings always stay"
    )
    add_json(parser)


def _execute(args: Namespace, session: Session, _face: Face) -> object:
    from janus_lab.settings.beginning import begin
    from janus_lab.settings.beginning_stack import begin_stack
    from janus_lab.settings.places import new_home

    if args.force and not args.stack:
        raise UsageError("--force concerns the stack's files", remedy="use `init --stack --force`")
    home = new_home(args.folder, session.given_home)
    done = begin_stack(home, force=args.force) if args.stack else begin(home)
    session.switch(home=home)
    return done


VERB = Verb(
    "init",
    "Make a data directory and commented settings here, or what a stack of servers needs. Overwrites nothing.",
    _define,
    _execute,
    ("init", "init --stack", "init ~/research"),
)
