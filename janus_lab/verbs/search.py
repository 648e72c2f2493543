"""`search`: the chunks that fit a query, or a whole list of queries as a TREC run."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from janus_lab.errors import UsageError
from janus_lab.values.counted import count
from janus_lab.verbs.face import Face
from janus_lab.verbs.options import add_collection, add_json, add_limit, add_where
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb

if TYPE_CHECKING:
    from janus_lab.lab import Lab
    from janus_lab.verbs.lists_of_queries import Query

BATCH = 64
"""Queries a run: few enough that progress is seen, many enough that a run's own cost does not count."""
CHUNKS_PER_DOCUMENT = 4
DEEPER = 8
DEEPEST = 10_000
"""A ranking of documents needs more chunks than documents, as some documents have several among the best: where they are too
few, so many times more are asked for, up to a bound on what one answer carries."""


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
    from janus_lab.verbs.lists_of_queries import open_output, read_queries

    if not args.run:
        raise UsageError("--queries needs a place for the ranking", remedy="add --run OUT.trec")
    if args.text.strip():
        raise UsageError("a query and --queries exclude each other", remedy="leave one of them out")
    queries = read_queries(args.queries)
    written = 0
    with open_output(args.run) as file:
        for start in range(0, len(queries), BATCH):
            batch = queries[start : start + BATCH]
            for lines in _rank(session.lab(), batch, args):
                file.writelines(f"{line}\n" for line in lines)
                written += len(lines)
            if len(queries) > BATCH:
                face.say(f"{start + len(batch)} of {count(len(queries), 'query')} searched")
    return Ranking(len(queries), written, args.run)


def _rank(lab: Lab, queries: Sequence[Query], args: Namespace) -> list[list[str]]:
    """The ranking of each query as TREC lines, by as many chunks as it takes to find the documents asked for."""
    from janus_lab.verbs.lists_of_queries import trec_lines

    ranked: dict[int, list[str]] = {}
    wanting = list(range(len(queries)))
    depth = args.limit * CHUNKS_PER_DOCUMENT
    while wanting:
        texts = [queries[number].text for number in wanting]
        results = lab.search_many(texts, collection=args.collection, limit=depth, where=args.where)
        wanting_still: list[int] = []
        for number, result in zip(wanting, results, strict=True):
            ranked[number] = trec_lines(queries[number].id, result, args.limit)
            if len(ranked[number]) < args.limit and len(result.hits) >= depth and depth * DEEPER <= DEEPEST:
                wanting_still.append(number)
        wanting, depth = wanting_still, depth * DEEPER
    return [ranked[number] for number in range(len(queries))]


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
