"""`use`: show or switch the profile, the data directory and the collection of this session; keep the profile for later ones."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.errors import UsageError
from janus_lab.settings import load_settings
from janus_lab.verbs.face import Face
from janus_lab.verbs.options import PROFILES, add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def _define(parser: VerbParser) -> None:
    parser.add_argument(
        "profile",
        nargs="?",
        choices=PROFILES,
        metavar="PROFILE",
        help="embedded, stack, or a profile of your own from janus.toml",
    )
    parser.add_argument(
        "--save", action="store_true", help="write the profile into janus.toml, for every later session"
    )
    parser.add_argument("--home", metavar="PATH", help="another data directory")
    parser.add_argument("-c", "--collection", metavar="NAME", help="the collection that verbs use by default")
    add_json(parser)


def _execute(args: Namespace, session: Session, face: Face) -> object:
    if args.save and not args.profile:
        raise UsageError("--save keeps a profile, and none is named", remedy="name it, for example `use stack --save`")
    overrides = {"profile": args.profile, "collection": args.collection}
    changes = {name: value for name, value in overrides.items() if value}
    if changes or args.home:
        session.switch(home=args.home, **changes)
    if args.save:
        from janus_lab.settings.edit import save_profile

        file = save_profile(session.settings.home, args.profile)
        face.say(f'{file} says profile = "{args.profile}" now')
        _say_what_outranks(face, session, args.profile)
    return session.using()


def _say_what_outranks(face: Face, session: Session, profile: str) -> None:
    later = load_settings(session.settings.home).profile
    if later != profile:
        face.say(f"JANUS_PROFILE is set to {later!r} in the environment, which outranks the file: unset it")


VERB = Verb(
    "use",
    "Show or switch the profile, the data directory and the collection of this session.",
    _define,
    _execute,
    ("use", "use -c papers", "use --home ~/research/.janus", "use stack", "use stack --save"),
)
