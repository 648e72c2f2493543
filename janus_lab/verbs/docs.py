"""`docs`: the documents there are: list, find, show, remove."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass

from janus_lab.values.document import Document
from janus_lab.verbs.face import Face
from janus_lab.verbs.listings import Documents
from janus_lab.verbs.options import add_collection, add_json, add_where, positive
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb

NAMED = 5
"""How many documents a question before removal names."""


@dataclass(frozen=True, slots=True)
class Removal:
    """How many documents were removed; 0 also when the person said no."""

    documents: int


def define(parser: VerbParser) -> None:
    """Actions and options of `docs`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", summary="List documents.", help="list documents (the default)")
    find = actions.add_parser("find", summary="Find documents by their words.", help="find documents by their words")
    find.add_argument("words", nargs="+", metavar="WORD")
    for action in (listing, find):
        add_where(action)
        action.add_argument("-n", "--limit", type=positive, default=1000, metavar="N", help="at most so many")
    show = actions.add_parser("show", summary="Show one document.", help="one document with its metadata")
    show.add_argument("document", metavar="DOCUMENT", help="id, the beginning of an id, origin or key")
    remove = actions.add_parser("rm", summary="Remove documents from every store.", help="remove documents everywhere")
    remove.add_argument("documents", nargs="+", metavar="DOCUMENT", help="id, origin, or a folder of origins")
    remove.add_argument("-y", "--yes", action="store_true", help="don't ask first")
    for action in (listing, find, show, remove):
        add_collection(action, default="all of them")
        add_json(action)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """Documents, one Document, or a Removal."""
    lab = session.lab()
    if args.action == "rm":
        return _remove(args, session, face)
    if args.action == "show":
        return lab.document(args.document, collection=args.collection)
    words = " ".join(args.words) if args.action == "find" else ""
    return Documents(lab.documents(args.collection, where=args.where, words=words, limit=args.limit))


def _remove(args: Namespace, session: Session, face: Face) -> Removal:
    lab = session.lab()
    if not args.yes:
        question = _question(lab.named(*args.documents, collection=args.collection))
        if not face.confirm(question):
            return Removal(0)
    return Removal(lab.remove(*args.documents, collection=args.collection))


def _question(documents: Sequence[Document]) -> str:
    from janus_lab.values.counted import count
    from janus_lab.verbs.plain.printable import one_line

    names = ", ".join(one_line(document.origin, 100) for document in documents[:NAMED])
    more = " …" if len(documents) > NAMED else ""
    places = ", ".join(sorted({one_line(document.collection, 100) for document in documents}))
    return f"Remove {count(len(documents), 'document')} of {places} from every store ({names}{more})?"


VERB = Verb(
    "docs",
    "List, find, show and remove documents.",
    define,
    execute,
    examples=("docs", "docs find solar energy --where 'year>=2020'", "docs show 3fa9", "docs rm papers/old.pdf"),
    default_action="list",
)
