"""Why a request is not answered, in the shape that clients of OpenAI's API know."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from janus_lab.errors import (
    AdmissionClosed,
    CapacityError,
    CircuitOpen,
    ContextTooLong,
    EngineRoomFailed,
    GrammarRefused,
    JanusError,
    NotFound,
    RunCancelled,
    ServerUnreachable,
    StoreUnreachable,
    UserError,
)

_STATUS: tuple[tuple[type[JanusError], int], ...] = (
    (GrammarRefused, 400),
    (ContextTooLong, 400),
    (NotFound, 404),
    (RunCancelled, 503),
    (CircuitOpen, 503),
    (EngineRoomFailed, 503),
    (StoreUnreachable, 503),
    (ServerUnreachable, 503),
    (AdmissionClosed, 503),
    (CapacityError, 503),
    (UserError, 400),
)
"""The first that fits counts; whatever is not named is 500."""
BUSY_SECONDS = 5
_OVERLOADED = 503
_INTERNAL = 500


class Refused(Exception):
    """A request that is not answered: HTTP's status, a code and a message for whoever wrote it, and the field that is wrong."""

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field

    def body(self) -> dict[str, Any]:
        """As OpenAI says it."""
        kind = "server_error" if self.status >= _INTERNAL else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, "param": self.field, "code": self.code}}

    def response(self) -> JSONResponse:
        """As an answer to the request."""
        headers = {"Retry-After": str(BUSY_SECONDS)} if self.status == _OVERLOADED else None
        return JSONResponse(self.body(), self.status, headers)


def wrong(field: str, message: str) -> Refused:
    """A field of the request is not as it should be."""
    return Refused(400, "invalid_value", f"{field}: {message}", field=field)


def refused(error: JanusError) -> Refused:
    """What one of our errors says, remedy included."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), _INTERNAL)
    code = "context_length_exceeded" if isinstance(error, ContextTooLong) else error.code
    return Refused(status, code, f"{error.message}. What to do next: {error.remedy}")
