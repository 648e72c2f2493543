"""What `%load_ext janus_lab` attaches to a shell, and takes away again."""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from typing import Any

from janus_lab.verbs.session import Session
from janus_magics.completion import JanusCompletion, matcher
from janus_magics.formatters import attach, detach
from janus_magics.input_lines import janus_lines
from janus_magics.magic import JanusMagics
from janus_magics.shown import Shown

_ATTRIBUTE = "janus_lab_extension"


@dataclass(frozen=True, slots=True)
class Extension:
    """Everything attached to one shell."""

    session: Session
    shown: Shown
    matcher: Any


def load(shell: Any) -> None:
    """Attach the magic, its completion, its input lines and the displays of its values; once a shell."""
    if getattr(shell, _ATTRIBUTE, None) is not None:
        return
    shown = Shown()
    session = Session(announce=print)
    magics = JanusMagics(shell, session, shown)
    complete = matcher(JanusCompletion(magics.verbs, lambda: session.collections, lambda: session.models))
    shell.register_magics(magics)
    shell.Completer.custom_matchers.append(complete)
    shell.input_transformers_cleanup.append(janus_lines)
    shell.events.register("post_run_cell", shown.forget)
    attach(shell.display_formatter, shown)
    atexit.register(session.close)
    setattr(shell, _ATTRIBUTE, Extension(session, shown, complete))


def unload(shell: Any) -> None:
    """Undo `load` and close the lab."""
    extension: Extension | None = getattr(shell, _ATTRIBUTE, None)
    if extension is None:
        return
    setattr(shell, _ATTRIBUTE, None)
    detach(shell.display_formatter)
    shell.events.unregister("post_run_cell", extension.shown.forget)
    shell.input_transformers_cleanup.remove(janus_lines)
    shell.Completer.custom_matchers.remove(extension.matcher)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("janus", None)
    atexit.unregister(extension.session.close)
    extension.session.close()
