"""`cypher`: a query to the graph, where it is kept in Neo4j; it only reads, unless it is told to write."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from typing import Any

from janus_lab.errors import UsageError
from janus_lab.values.counted import count
from janus_lab.verbs.face import Face
from janus_lab.verbs.listings import Rows
from janus_lab.verbs.options import add_json, positive
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def define(parser: VerbParser) -> None:
    """Options of `cypher`."""
    parser.add_argument(
        "-p",
        "--parameter",
        metavar="NAME=VALUE",
        dest="parameters",
        type=_parameter,
        action="append",
        default=[],
        help="a value for $NAME in the query: JSON, or else text; may be repeated",
    )
    parser.add_argument("--write", action="store_true", help="let the query change the graph")
    parser.add_argument("-n", "--limit", type=positive, default=100, metavar="N", help="at most so many rows")
    add_json(parser)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """The rows."""
    if not args.text.strip():
        raise UsageError(
            "there is no query", remedy="write one, such as: cypher 'MATCH (e:Entity) RETURN e.name LIMIT 5'"
        )
    rows = session.lab().cypher(args.text, dict(args.parameters), write=args.write, limit=args.limit)
    if len(rows) == args.limit and not args.json:
        face.say(f"at most {count(args.limit, 'row')} {'is' if args.limit == 1 else 'are'} shown; -n asks for more")
    return Rows(rows)


def _parameter(text: str) -> tuple[str, Any]:
    name, given, value = text.partition("=")
    if not given or not name.isidentifier():
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


VERB = Verb(
    "cypher",
    "Query the graph in Cypher, where it is kept in Neo4j.",
    define,
    execute,
    examples=(
        "cypher 'MATCH (e:Entity) RETURN e.name, e.kind LIMIT 10'",
        "cypher -p name=Ada 'MATCH (e:Entity {name: $name})-[r:RELATED]-(o) RETURN o.name, r.kind'",
    ),
    text=True,
)
