"""`serve`: the lab's models for other programs, over HTTP."""

from __future__ import annotations

import shlex
from argparse import ArgumentTypeError, Namespace

from janus_lab.verbs.face import Face
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb

_LAST_PORT = 65_535


def define(parser: VerbParser) -> None:
    """Options of `serve`."""
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8765, metavar="N", help="default: 8765; 0 is any free one")
    parser.add_argument("--key-env", metavar="NAME", help="the environment variable that holds the key of clients")


def execute(args: Namespace, session: Session, face: Face) -> object:
    """Nothing: this process becomes the one that serves, unless the face must live on."""
    given = session.given_home
    face.give_way("janus serve" if given is None else shlex.join(["janus", "--home", str(given), "serve"]))
    session.serve_here(args.host, args.port, args.key_env or "")
    return None


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > _LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is no port: a number from 0 to {_LAST_PORT}")
    return int(text)


VERB = Verb(
    "serve",
    "Offer the models to other programs over an OpenAI-compatible HTTP API, to whoever has the key, until Ctrl+C.",
    define,
    execute,
    examples=("serve", "serve --port 9000 --key-env MY_KEY"),
)
