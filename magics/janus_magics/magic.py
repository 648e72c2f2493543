"""`%janus` and `%%janus`: parse, let the verb call the lab, return the value."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from janus_lab.errors import JanusError
from janus_lab.verbs.about import define_topic, help_text
from janus_lab.verbs.as_data import as_data
from janus_lab.verbs.face import Face
from janus_lab.verbs.parser import HelpRequested, VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.table import VERBS
from janus_lab.verbs.verb import Verb
from janus_magics.arguments import Invocation, parse_line
from janus_magics.living_on import ShellFace
from janus_magics.notebook_face import NotebookFace
from janus_magics.shown import Shown

Kept = TypeVar("Kept")


@magics_class
class JanusMagics(Magics):
    """The magic of one shell: one session, whose lab opens at the first verb that needs it."""

    def __init__(self, shell: InteractiveShell, session: Session, shown: Shown) -> None:
        super().__init__(shell)
        self._variables = shell.user_ns
        self._in_notebook = hasattr(shell, "kernel")
        self.session = session
        self.verbs = {
            **VERBS,
            "help": Verb("help", VERBS["help"].summary, define_topic, self._help, VERBS["help"].examples),
            "monitor": replace(VERBS["monitor"], execute=self._monitor),
            "queue": replace(VERBS["queue"], execute=self._queue),
            "keys": replace(VERBS["keys"], execute=self._keys),
            "models": replace(VERBS["models"], execute=self._models),
            "traceback": Verb(
                "traceback", "The whole story of the last error.", _no_options, self._traceback, ("traceback",)
            ),
        }
        self._shown = shown
        self._last_error: JanusError | None = None

    @no_var_expand
    @line_cell_magic
    def janus(self, line: str, cell: str | None = None) -> Any:
        """Ingest documents, search them, ask them.

        `%janus help` lists the verbs; `%janus ask --help` shows one; `%%janus ask` takes the cell as its question.
        """
        try:
            invocation = parse_line(line, cell, self.verbs, self._variables)
            value = self._execute(invocation)
        except HelpRequested as request:
            print(request.text.rstrip())  # noqa: T201 - a cell's own output
            return None
        except JanusError as error:
            self._last_error = error
            raise
        if invocation.variable:
            self._variables[invocation.variable] = value
        if isinstance(value, str):
            print(value)  # noqa: T201 - a cell's own output
            return None
        return value

    def _execute(self, invocation: Invocation) -> Any:
        args = invocation.args
        if not self._in_notebook:
            return self._execute_in_terminal(invocation)
        face = NotebookFace()
        if invocation.hint:
            face.say(invocation.hint)
        try:
            value = invocation.verb.execute(args, self.session, face)
        except BaseException:
            face.abandon()
            raise
        if getattr(args, "json", False):
            return self._finished(lambda: as_data(value))
        if self._finished(lambda: face.settle(value)):
            self._shown.note(value)
        return value

    def _execute_in_terminal(self, invocation: Invocation) -> Any:
        """In a shell without a front end a draft streams as text, and Out[] shows the value, as it does any other."""
        face = ShellFace()
        if invocation.hint:
            face.say(invocation.hint)
        try:
            value = invocation.verb.execute(invocation.args, self.session, face)
        except BaseException:
            face.settle()
            raise
        self._finished(face.clear)
        return as_data(value) if getattr(invocation.args, "json", False) else value

    def _finished(self, settle: Callable[[], Kept]) -> Kept:
        """What comes after a verb has its result. An interrupt meant the verb: one that comes only now must not lose the result."""
        try:
            self._remember_names()
            return settle()
        except KeyboardInterrupt:
            return settle()

    def _remember_names(self) -> None:
        try:
            self.session.remember_names()
        except JanusError:
            # Only completion uses them; a verb that succeeded must not fail for it.
            self.session.collections, self.session.models = (), ()

    def _help(self, args: Any, _session: Session, _face: Face) -> object:
        return help_text(self.verbs, args.topic, args.prefix, args.more)

    def _monitor(self, args: Any, session: Session, face: Face) -> object:
        """A live board where a front end can draw one; a value where there is none, or data are wanted."""
        board = VERBS["monitor"].execute(args, session, face)
        if args.once or args.json or not self._in_notebook:
            return board
        from janus_magics.widgets.live_board import live_board

        return live_board(session.lab(), args.machine)

    def _queue(self, args: Any, session: Session, face: Face) -> object:
        """A live queue where a front end can draw one; a value where there is none, or it is not what is asked for."""
        if args.action != "show" or args.once or args.json or not self._in_notebook:
            return VERBS["queue"].execute(args, session, face)
        from janus_magics.widgets.live_queue import live_queue

        lab = session.lab()
        return live_queue(lab, lab.attach(args.run).id if args.run else None)

    def _keys(self, args: Any, session: Session, face: Face) -> object:
        """Live keys where a front end can draw them; a value where there is none, or it is not what is asked for."""
        if args.action != "list" or args.once or args.json or args.all or not self._in_notebook:
            return VERBS["keys"].execute(args, session, face)
        from janus_magics.widgets.live_keys import live_keys

        return live_keys(session.lab(), args.pattern, write=args.write)

    def _models(self, args: Any, session: Session, face: Face) -> object:
        """A live list where a front end can draw one; a value where there is none, or it is not what is asked for."""
        if args.action != "list" or args.once or args.json or not self._in_notebook:
            return VERBS["models"].execute(args, session, face)
        from janus_magics.widgets.live_models import live_models

        return live_models(session.lab())

    def _traceback(self, _args: Any, _session: Session, _face: Face) -> object:
        if self._last_error is None:
            return "no %janus verb has failed so far"
        return "".join(traceback.format_exception(self._last_error)).rstrip()


def _no_options(_parser: VerbParser) -> None:
    """The verb takes none."""
