"""`reindex`: a collection indexed anew, with another embedding model say."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.verbs.face import Face
from janus_lab.verbs.options import MODEL, add_collection, add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def define(parser: VerbParser) -> None:
    """Options of `reindex`."""
    parser.add_argument(
        "model", nargs="?", default="", metavar=MODEL, help="an embedding model's name (default: the one in use)"
    )
    add_collection(parser)
    add_json(parser)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """The ReindexReport."""
    return session.lab().reindex(args.collection, args.model, on_event=None if args.json else face.follow)


VERB = Verb(
    "reindex",
    "Index a collection anew with an embedding model. The old index serves until the new one is whole.",
    define,
    execute,
    examples=("reindex", "reindex -c notes e5-small"),
)
