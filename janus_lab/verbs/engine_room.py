"""`status`, `up`, `down`, `doctor`: the engine room."""

from __future__ import annotations

from argparse import Namespace

from janus_lab.verbs.face import Face
from janus_lab.verbs.options import add_json
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def _define_doctor(parser: VerbParser) -> None:
    add_json(parser)
    parser.add_argument("--mend", action="store_true", help="also remove what belongs to no document from the stores")


def _status(_args: Namespace, session: Session, _face: Face) -> object:
    return session.lab().status()


def _up(_args: Namespace, session: Session, _face: Face) -> object:
    return session.lab().up()


def _down(args: Namespace, session: Session, face: Face) -> object:
    stopped = session.lab().down()
    if not args.json:
        if "redis_url" in session.settings.servers():
            face.say("this machine's workers have stopped" if stopped else "no worker of this machine was running")
        else:
            face.say("the engine room has stopped" if stopped else "the engine room was not running")
        return None
    return {"stopped": stopped}


def _doctor(args: Namespace, session: Session, face: Face) -> object:
    if args.mend:
        session.lab().check(mend=True)
        if not args.json:
            face.say("the stores were compared and mended")
    return session.doctor()


STATUS = Verb("status", "How the engine room is, and what it holds. Starts nothing.", add_json, _status, ("status",))
UP = Verb(
    "up",
    "Start the engine room: on servers, this machine's workers. An embedded one also starts by itself.",
    add_json,
    _up,
    ("up",),
)
DOWN = Verb(
    "down",
    "Stop the engine room: on servers, this machine's workers. Open runs go on when it starts again.",
    add_json,
    _down,
    ("down",),
)
DOCTOR = Verb(
    "doctor",
    "Check everything Janus stands on, and say what to do where something is wrong.",
    _define_doctor,
    _doctor,
    ("doctor", "doctor --mend"),
)
