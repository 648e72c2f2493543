"""`use`: show or switch the profile, the data directory and the collection of this session."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.errors import SettingsError
from janus_lab.settings import FILE
from janus_lab.verbs.face import Face
from janus_lab.verbs.options import add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def _define(parser: VerbParser) -> None:
    parser.add_argument("profile", nargs="?", choices=("embedded", "stack"), help="the deployment")
    parser.add_argument("--home", metavar="PATH", help="another data directory")
    parser.add_argument("-c", "--collection", metavar="NAME", help="the collection that verbs use by default")
    add_json(parser)


def _execute(args: Namespace, session: Session, _face: Face) -> object:
    if args.profile == "stack":
        _refuse_without_servers(session)
    overrides = {"profile": args.profile, "collection": args.collection}
    changes = {name: value for name, value in overrides.items() if value}
    if changes or args.home:
        session.switch(home=args.home, **changes)
    return session.using()


def _refuse_without_servers(session: Session) -> None:
    """`stack` means servers, whose URLs must stand in the settings."""
    settings = session.settings
    slots = ("redis_url", "relational_url", "objects_url", "vectors_url")
    embedded = [name for name in slots if settings.url(name).startswith(("embedded:", "sqlite:", "file:", "edge:"))]
    if embedded:
        raise SettingsError(
            f"the stack profile needs servers, and these settings still name embedded engines: {', '.join(embedded)}",
            remedy="stay with the embedded profile: this version knows no servers yet; once one does, "
            f"their URLs go into {settings.home / FILE} under these names",
        )


VERB = Verb(
    "use",
    "Show or switch the profile, the data directory and the collection of this session.",
    _define,
    _execute,
    ("use", "use -c papers", "use --home ~/research/.janus", "use embedded"),
)
