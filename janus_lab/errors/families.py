"""Errors that help: what happened, and what to do next.

Every error that a user can meet is a `JanusError` with a kebab-case `code` and a `remedy` (an act). The five families say
who must act. Adapters translate driver errors at the border and keep the original as `__cause__`.
"""

from __future__ import annotations

from typing import ClassVar


class JanusError(Exception):
    """Something the user can be told about in two lines: `message`, and `remedy`, the next thing to do."""

    code: ClassVar[str] = "janus-error"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.remedy))

    def lines(self) -> list[str]:
        """The two lines shown to a person, in a notebook and in a terminal."""
        return [f"{self.code}: {self.message}", f"What to do next: {self.remedy}"]

    def _render_traceback_(self) -> list[str]:
        """Two lines instead of a traceback in IPython; the cell still fails (see `%janus traceback`)."""
        return self.lines()


def _rebuild(kind: type[JanusError], message: str, remedy: str) -> JanusError:
    error = kind.__new__(kind)
    JanusError.__init__(error, message, remedy=remedy)
    return error


class UserError(JanusError):
    """The request can't be carried out as it was put: the person who asked must change it."""

    code = "bad-request"


class SettingsError(JanusError):
    """A setting is wrong or names something that is not there: whoever set Janus up must act."""

    code = "bad-settings"


class EngineError(JanusError):
    """An engine (store, server, backend) does not answer or refuses."""

    code = "engine-failed"


class CapacityError(JanusError):
    """The machine has too little of something: memory, disk, context window."""

    code = "out-of-capacity"


class Defect(JanusError):
    """Janus itself is wrong; please report it."""

    code = "defect"
