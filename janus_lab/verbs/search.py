"""`search`: the chunks that fit a query, or a whole list of queries as a TREC run."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass

from janus_lab.errors import UsageError
from janus_lab.verbs.face import Face
from janus_lab.verbs.options import add_collection, add_json, add_limit, add_where
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb

BATCH = 64
"""Queries a run: few enough that progress is seen, many enough that a run's own cost does not count."""
CHUNKS_PER_DOCUMENT = 4
CHUNKS_AT_LEAST = 100
"""A ranking of documents needs more chunks than documents, as some documents have several among the best."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What became of a file of queries: how many, how many lines were written, and where."""

    queries: int
    lines: int
    file: str


def define(parser: VerbParser) -> None:
    """Options of `search`."""
    add_collection(parser)
    add_limit(parser, 10, "how many hits (with --queries: documents)")
    add_where(parser)
    parser.add_argument("--queries", metavar="FILE", help='search for every query of a JSONL file ({"id", "query"})')
    parser.add_argument("--run", metavar="FILE", help="with --queries: write the ranking here, in the TREC run format")
    add_json(parser)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """The SearchResult; with --queries, a Ranking."""
    if args.queries:
        return _rank_file(args, session, face)
    if args.run:
        raise UsageError("--run goes with --queries", remedy="give --queries FILE too, or use --json for one query")
    if not args.text.strip():
        raise UsageError("there is nothing to search for", remedy="put words after the options: search heat pumps")
    return session.lab().search(args.text, collection=args.collection, limit=args.limit, where=args.where)


def _rank_file(args: Namespace, session: Session, face: Face) -> Ranking:
    from janus_lab.verbs.lists_of_queries import open_output, read_queries, trec_lines

    if not args.run:
        raise UsageError("--queries needs a place for the ranking", remedy="add --run OUT.trec")
    if args.text.strip():
        raise UsageError("a query and --queries exclude each other", remedy="leave one of them out")
    queries = read_queries(args.queries)
    written = 0
    with open_output(args.run) as file:
        for start in range(0, len(queries), BATCH):
            batch = queries[start : start + BATCH]
            results = session.lab().search_many(
                [query.text for query in batch],
                collection=args.collection,
                limit=max(args.limit * CHUNKS_PER_DOCUMENT, CHUNKS_AT_LEAST),
                where=args.where,
            )
            for query, result in zip(batch, results, strict=True):
                lines = trec_lines(query.id, result, args.limit)
                file.writelines(f"{line}\n" for line in lines)
                written += len(lines)
            if len(queries) > BATCH:
                face.say(f"{start + len(batch)} of {len(queries)} queries searched")
    return Ranking(len(queries), written, args.run)


VERB = Verb(
    "search",
    "Find the chunks that fit a query best, by meaning and by words.",
    define,
    execute,
    examples=(
        "search heat pumps in winter",
        "search -c papers -k 20 --where 'year>=2020' contrastive loss",
        "search --queries queries.jsonl --run out.trec -k 100",
    ),
    text=True,
)
