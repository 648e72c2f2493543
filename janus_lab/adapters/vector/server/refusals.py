"""What a Qdrant server refuses, in our words."""

from __future__ import annotations

import re
from http import HTTPStatus

import grpc
from pydantic import ValidationError
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from janus_lab.errors import AccessDenied, DiskFull, EngineTooOld, JanusError, StoreFailed, StoreUnreachable

OLDEST = (1, 12)
"""The oldest server we work with. Facets (ordering of texts in conditions) came with 1.12; queries in batches and the IDF
of sparse vectors with 1.10. Everything else we ask for is older, and nothing newer is sent."""

# The server has no code of its own for a full disk: it is an internal error with the system's own words for ENOSPC.
_FULL = re.compile("no space left on device|out of disk", re.IGNORECASE)
_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_AS_HTTP = {
    grpc.StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: HTTPStatus.REQUEST_TIMEOUT,
    grpc.StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    grpc.StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    grpc.StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
}
REFUSALS = (
    UnexpectedResponse,
    ResponseHandlingException,
    ResourceExhaustedResponse,
    ValidationError,
    grpc.RpcError,
    # Numbers and texts that JSON can't carry.
    ValueError,
)
"""What the driver raises."""


def status_of(error: BaseException | None) -> int:
    """The HTTP status that a driver's error stands for; 0 where nothing was answered."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code or 0
    if isinstance(error, ResourceExhaustedResponse):
        return HTTPStatus.TOO_MANY_REQUESTS
    if isinstance(error, grpc.RpcError):
        return _AS_HTTP.get(error.code(), HTTPStatus.INTERNAL_SERVER_ERROR)
    return 0


def is_missing(error: JanusError) -> bool:
    """Whether the server said that there is no such collection."""
    return status_of(error.__cause__) == HTTPStatus.NOT_FOUND


def is_conflict(error: JanusError) -> bool:
    """Whether the server said that there is such a collection already."""
    return status_of(error.__cause__) == HTTPStatus.CONFLICT


def passes(error: BaseException) -> bool:
    """Whether the same request may well be answered in a moment. A silent server was waited for long enough already."""
    if isinstance(error, ResponseHandlingException):
        return not isinstance(error.source, ValidationError) and "Timeout" not in type(error.source).__name__
    return status_of(error) in _BUSY


def translated(error: Exception, shown: str) -> JanusError:
    """Our error for a driver's; `shown` is the server's address without its key."""
    status, said = status_of(error), _said(error)
    if status in _DENIED:
        return AccessDenied(
            f"the Qdrant server at {shown} does not let us in: {said}",
            remedy="put its key into vectors_url (qdrant://:KEY@host:port) or JANUS_QDRANT_API_KEY in .env, then repeat",
        )
    if status == HTTPStatus.INSUFFICIENT_STORAGE or _FULL.search(said):
        return DiskFull(
            f"the Qdrant server at {shown} has no room left on its disk",
            remedy="free space on the server's storage volume, then repeat; searches still work",
        )
    if status in _BUSY or status == HTTPStatus.REQUEST_TIMEOUT or (status == 0 and _silent(error)):
        return StoreUnreachable(
            f"no Qdrant server answers at {shown}",
            remedy="run `docker compose up -d qdrant` (or check vectors_url with `janus doctor`), then repeat",
        )
    return StoreFailed(
        f"the Qdrant server at {shown} refused: {said}",
        remedy="run `janus doctor`; if it is all well there, please report this with the server's log",
    )


def too_old(version: str, shown: str) -> EngineTooOld:
    """The error for a server that lacks what we need."""
    oldest = ".".join(map(str, OLDEST))
    return EngineTooOld(
        f"the Qdrant server at {shown} is version {version or 'unknown'}; Janus Lab needs {oldest} or newer",
        remedy=f"upgrade the server to {oldest} or newer (compose.yaml names one), then repeat",
    )


def _silent(error: Exception) -> bool:
    return isinstance(error, ResponseHandlingException) and not isinstance(error.source, ValidationError)


def _said(error: Exception) -> str:
    if isinstance(error, UnexpectedResponse):
        return f"{error.status_code} {error.content[:500].decode(errors='replace')}"
    if isinstance(error, ResponseHandlingException):
        return str(error.source)
    if isinstance(error, grpc.RpcError):
        return str(error.details())
    return str(error)
