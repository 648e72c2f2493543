"""`ingest`: files, folders, globs or URLs into a collection."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.verbs.face import Face
from janus_lab.verbs.options import add_collection, add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def define(parser: VerbParser) -> None:
    """Options of `ingest`."""
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a file, a folder, a glob, or a URL with --urls")
    add_collection(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--urls", action="store_true", help="fetch sources that are URLs")
    parser.add_argument("--verify", action="store_true", help="read files again even if size and time are unchanged")
    add_json(parser)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """The IngestReport; with --dry-run, the IngestPlan."""
    lab = session.lab()
    act = lab.plan if args.dry_run else lab.ingest
    return act(
        *args.sources,
        collection=args.collection,
        urls=args.urls,
        verify=args.verify,
        on_event=None if args.json else face.follow,
    )


VERB = Verb(
    "ingest",
    "Read documents, cut them into chunks and make them searchable. Doing it again changes nothing.",
    define,
    execute,
    examples=("ingest papers/", "ingest -c notes notes/*.md report.pdf", "ingest --dry-run papers/"),
)
