"""`keys`: a look into the server that holds leases, claims, queues and events. It changes nothing unless `--write` is given."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.errors import UsageError
from janus_lab.values.stored_key import KEYS_FOUND, MEMBERS_READ, KeyContent
from janus_lab.verbs.face import Face
from janus_lab.verbs.listings import DeletedKeys, RawKey
from janus_lab.verbs.options import add_json, positive
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def define(parser: VerbParser) -> None:
    """Actions and options of `keys`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", summary="List keys by name.", help="list keys (the default)")
    listing.add_argument(
        "pattern", nargs="?", default="*", metavar="PATTERN", help="as claim:* or event; `{janus}:` may be left out"
    )
    listing.add_argument(
        "-n", "--limit", type=positive, default=KEYS_FOUND, metavar="N", help=f"at most so many (default: {KEYS_FOUND})"
    )
    listing.add_argument("--once", action="store_true", help="as they are now: no live display in a notebook")
    listing.add_argument("--write", action="store_true", help="let keys be deleted in a notebook's live display")
    show = actions.add_parser("show", summary="Show one key.", help="what is in one key, and what it means")
    show.add_argument("key", metavar="KEY", help="a key's name; `{janus}:` may be left out")
    show.add_argument(
        "-n", "--limit", type=positive, default=MEMBERS_READ, metavar="N", help=f"members (default: {MEMBERS_READ})"
    )
    show.add_argument("--raw", action="store_true", help="as the server holds it, not as what it means")
    delete = actions.add_parser("delete", summary="Delete one key.", help="delete one key")
    delete.add_argument("key", metavar="KEY", help="a key's whole name, or without `{janus}:`")
    delete.add_argument("--write", action="store_true", help="do it: without this, keys are only looked at")
    delete.add_argument("-y", "--yes", action="store_true", help="don't ask first")
    for action in (listing, show, delete):
        action.add_argument(
            "--all", action="store_true", help="also keys that are not Janus's; names are taken as they are"
        )
        add_json(action)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """A KeyPage, a KeyContent (or RawKey), or DeletedKeys."""
    keys = session.lab().keys
    match args.action:
        case "show":
            content = keys.read(args.key, everything=args.all, limit=args.limit)
            return RawKey(content) if args.raw and not args.json else content
        case "delete":
            return _delete(args, session, face)
        case _:
            return keys.find(args.pattern, everything=args.all, limit=args.limit)


def _delete(args: Namespace, session: Session, face: Face) -> DeletedKeys:
    if not args.write:
        raise UsageError("keys are only looked at", remedy=f"`janus keys delete {args.key} --write` deletes this one")
    keys = session.lab().keys
    content = keys.read(args.key, everything=args.all, limit=1)
    if not args.yes and not face.confirm(_question(content)):
        return DeletedKeys()
    keys.delete(content.key.name, everything=True)
    return DeletedKeys([content.key.name])


def _question(content: KeyContent) -> str:
    from janus_lab.verbs.plain.keys import described
    from janus_lab.verbs.plain.printable import one_line

    loss = content.loss or "nobody here knows what needs it"
    return f"Delete {one_line(content.key.name, 200)} ({described(content.key)})? Lost with it: {loss}."


VERB = Verb(
    "keys",
    "Browse the keys of the Redis-compatible server: leases, claims, queues, events. Read-only unless --write is given.",
    define,
    execute,
    examples=("keys", "keys claim:*", "keys show fence", "keys delete cancel:0199ab --write", "keys list '*' --all"),
    default_action="list",
    default_takes_words=True,
)
