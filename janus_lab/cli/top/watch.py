"""From a session to a terminal that is watched, where there is one."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from typing import Final

from janus_lab.verbs.session import Session

_OK: Final = 0


def watchable() -> bool:
    """Whether somebody sits before a terminal that can be drawn on."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def watch(args: Namespace, session: Session) -> int:
    """Show the board until somebody quits. Returns the exit code."""
    from janus_lab.cli.top.app import Top

    Top(session.lab(), machine=args.machine, seconds=args.every).run()
    return _OK
