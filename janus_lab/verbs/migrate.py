"""`migrate`: carry a whole data directory from one deployment to another, and back."""

from __future__ import annotations

import time
from argparse import Namespace

from janus_lab.verbs.face import Face
from janus_lab.verbs.options import PROFILES, add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb

_SAY_SECONDS = 2.0


class _Progress:
    """Tells a face how far it is: each kind at its beginning and end, and now and then between."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._last = ("", 0, 0)
        self._said = 0.0

    def __call__(self, kind: str, done: int, total: int) -> None:
        now = time.monotonic()
        facts = (kind, done, total)
        if facts != self._last and (kind != self._last[0] or done == total or now - self._said > _SAY_SECONDS):
            self._face.say(f"{kind}: {done:,} of {total:,}")
            self._last, self._said = facts, now


def _define(parser: VerbParser) -> None:
    parser.add_argument("source", choices=PROFILES, metavar="SOURCE", help="the profile to read; it is never changed")
    parser.add_argument("target", choices=PROFILES, metavar="TARGET", help="the profile to fill; it must hold nothing")
    parser.add_argument("--dry-run", action="store_true", help="only say how much there is and how long it may take")
    add_json(parser)


def _execute(args: Namespace, session: Session, face: Face) -> object:
    from janus_lab.compose.migrating import migrate, plan_migration

    home = session.settings_for(args.source).home
    session.close()
    if args.dry_run:
        return plan_migration(args.source, args.target, home=home)
    try:
        return migrate(args.source, args.target, home=home, tell=_Progress(face))
    except KeyboardInterrupt:
        face.say("nothing is lost: the same command goes on with what is left")
        raise


VERB = Verb(
    "migrate",
    "Carry everything from one profile's stores into another's; nothing is embedded again.",
    _define,
    _execute,
    ("migrate embedded stack --dry-run", "migrate embedded stack", "migrate stack embedded"),
)
