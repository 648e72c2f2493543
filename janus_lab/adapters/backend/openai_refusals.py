"""What servers of models refuse or fail at, in our words; and what may be asked again."""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    NotFoundError,
    OpenAIError,
    PermissionDeniedError,
)

from janus_lab.adapters.backend.openai_bounds import Oversized
from janus_lab.errors import AccessDenied, ContextTooLong, JanusError, ModelFailed, NotFound, ServerUnreachable

REFUSALS = (OpenAIError, TimeoutError, ValueError)
"""What the driver raises: its own errors, our timeouts, and what can't be decoded."""
TRANSLATED = (AccessDenied, ContextTooLong, ModelFailed, NotFound, ServerUnreachable)
"""What becomes of them."""
_BUSY = 429
_BUSY_FOR_NOW = frozenset({408, 409, 425, _BUSY, 503})
_MAY_PASS = frozenset({500, 502, 504})
_BUSY_SECONDS, _BROKEN_SECONDS = 15.0, 1.5
_LATE_SECONDS = 10.0
"""Longer than a machine that is busy with something else takes to fail."""
_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_WORDS = 200
_SERVER_LOG = "read the server's log, mend the cause there, then repeat"


def worth_seconds(error: Exception, took: float) -> float:
    """For how long, from the first failure on, it is worth to ask again after this error; `took` is how long it was in coming.

    Who is busy has time; a broken connection or a server that restarts is bridged, and no longer, as others may answer
    instead. What timed out may still be worked at, and what broke off late was worked at and may break it again: neither is
    repeated.
    """
    if isinstance(error, APITimeoutError):
        return 0.0
    status = error.status_code if isinstance(error, APIStatusError) else 0
    if status in _BUSY_FOR_NOW:
        return _BUSY_SECONDS
    broken = isinstance(error, APIConnectionError) or status in _MAY_PASS
    return _BROKEN_SECONDS if broken and took < _LATE_SECONDS else 0.0


def asked_pause(error: Exception, now: float | None = None) -> float:
    """Seconds to wait as the server asks by Retry-After, as a number or a date; 0 if it doesn't."""
    if not isinstance(error, APIStatusError):
        return 0.0
    text = error.response.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        date = email.utils.parsedate_tz(text)
        seconds = email.utils.mktime_tz(date) - (time.time() if now is None else now) if date else 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else math.inf


def translated(error: Exception, shown: str, key: str) -> JanusError:
    """The error for people: `shown` names the server. The key appears in it nowhere, though a server may tell it back."""
    said = _words(error, key)
    if isinstance(error, (AuthenticationError, PermissionDeniedError)):
        return AccessDenied(
            f"the server of models at {shown} refuses {'the key' if key else 'to answer without a key'}{said}",
            remedy="put the right key into the environment variable that the model's key_variable names",
        )
    if isinstance(error, APIStatusError):
        return _by_status(error, shown, said)
    if isinstance(error, (APITimeoutError, TimeoutError)):
        return ServerUnreachable(
            f"the server of models at {shown} was silent for too long",
            remedy="see whether it is overloaded, or give the model a larger timeout_seconds",
        )
    if isinstance(error, APIConnectionError):
        return ServerUnreachable(
            f"the server of models at {shown} does not answer, or the connection broke{said}",
            remedy="see that it runs and that the address is right, then repeat",
        )
    if isinstance(error, APIError):
        return ModelFailed(f"the server of models at {shown} failed while it wrote{said}", remedy=_SERVER_LOG)
    how = f"taken: {error}" if isinstance(error, Oversized) else "read"
    return ModelFailed(
        f"the server of models at {shown} sent something that can't be {how}",
        remedy="see that the address is that of an OpenAI-compatible API, such as http://host:port/v1",
    )


def _by_status(error: APIStatusError, shown: str, said: str) -> JanusError:
    if _too_long(error):
        return ContextTooLong(
            f"the prompt does not fit the window of the model at {shown}{said}",
            remedy="ask with fewer or shorter chunks, or start the server with a larger window",
        )
    if isinstance(error, NotFoundError):
        return NotFound(
            f"the server of models at {shown} does not know what it was asked for{said}",
            remedy="choose a model that it offers as remote_model, and see that the address ends in its API's path",
        )
    if error.status_code == _BUSY:
        return ModelFailed(
            f"the server of models at {shown} is busy{said}", remedy="wait until it has less to do, then repeat"
        )
    return ModelFailed(
        f"the server of models at {shown} refused with status {error.status_code}{said}", remedy=_SERVER_LOG
    )


def _too_long(error: APIError) -> bool:
    return bool(_TOO_LONG & {error.code, error.type})


def _words(error: Exception, key: str) -> str:
    """What the server says, on one line and not at length."""
    if not isinstance(error, APIError) or isinstance(error, APIConnectionError):
        text = type(error.__cause__).__name__ if error.__cause__ else ""
    else:
        body = error.body
        told = body.get("message") if isinstance(body, Mapping) else body
        text = told if isinstance(told, str) else ""
    if key:
        text = text.replace(key, "(key)")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not line:
        return ""
    return f": {line}" if len(line) <= _WORDS else f": {line[:_WORDS]}…"
