"""One way to speak to a Redis-compatible server: short retries, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from janus_lab.errors import (
    AccessDenied,
    DiskFull,
    EngineTooOld,
    JanusError,
    SettingsError,
    StoreFailed,
    StoreUnreachable,
)
from janus_lab.values.shown_url import shown_url

if TYPE_CHECKING:
    from redis import Redis

REPLY_SECONDS = 30.0
"""How long a reply may take; longer than anything here blocks for."""
CONNECT_SECONDS = 5.0
OLDEST = {"redis": (6, 2), "valkey": (7, 2)}
"""The oldest versions that are taken, of those whose numbers mean something to us."""
_RETRIES = 8
_BACKOFF_SECONDS = (0.01, 0.25)
"""First and longest pause between retries: about a second in all, which bridges a restart of an embedded server."""


@contextmanager
def open_client(redis_url: str, *, retries: int = _RETRIES, decode_responses: bool = True) -> Iterator[Redis]:
    """A client of the server at `redis_url`, answering in text or bytes.

    Raises SettingsError, StoreUnreachable or AccessDenied.
    """
    from redis import Redis
    from redis.backoff import ExponentialBackoff

    from janus_lab.adapters.redis.retry import UnlessRefused

    base, cap = _BACKOFF_SECONDS
    try:
        client: Redis = Redis.from_url(
            redis_url,
            decode_responses=decode_responses,
            protocol=2,
            socket_timeout=REPLY_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=UnlessRefused(ExponentialBackoff(cap=cap, base=base), retries),
        )
    except ValueError:
        # The words of the error may quote a password that was not percent-encoded.
        raise SettingsError(
            f"redis_url {shown_url(redis_url)} can't be used: its port or an option of it means nothing",
            remedy="give redis_url like redis://:PASSWORD@HOST:6379/0, special characters percent-encoded",
        ) from None
    try:
        with translated(redis_url):
            client.ping()
        yield client
    finally:
        client.close()


class translated:  # noqa: N801 - reads as a function: `with translated(url): …`
    """Turn a driver's errors into StoreUnreachable, AccessDenied, DiskFull or StoreFailed.

    It stands around every call, and costs a tenth of a generator's context.
    """

    __slots__ = ("_url",)

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        meant = _meaning(error, self._url) if error is not None else None
        if meant is not None:
            raise meant from error


def _meaning(error: BaseException, redis_url: str) -> JanusError | None:
    """What a driver's error is to us; None for any other."""
    from redis import exceptions

    if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError | exceptions.NoPermissionError):
        return AccessDenied(
            f"the server at {shown_url(redis_url)} refuses the user, the password, or what they want to do",
            remedy="correct user and password in redis_url (or in .env), or give the user every command on {janus}:* keys",
        )
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError):
        return StoreUnreachable(f"no server answers at {shown_url(redis_url)}", remedy=_start(redis_url))
    if isinstance(error, exceptions.ResponseError):
        return _refusal(error, redis_url)
    if isinstance(error, exceptions.RedisError | ValueError):
        return StoreFailed(
            f"the server at {shown_url(redis_url)} can't be used: {error}", remedy="check redis_url with `janus doctor`"
        )
    return None


def check_version(client: Redis, redis_url: str) -> None:
    """Raise EngineTooOld for a server that is older than what is tested. One that does not tell is taken."""
    from redis.exceptions import NoPermissionError

    try:
        with translated(redis_url):
            name, version = server_version(client)
    except AccessDenied as error:
        if isinstance(error.__cause__, NoPermissionError):
            return
        raise
    oldest = OLDEST.get(name, (0,))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < oldest:
        raise EngineTooOld(
            f"{shown_url(redis_url)} is {name} {version}",
            remedy=f"run {name} {'.'.join(map(str, oldest))} or newer",
        )


def server_version(client: Redis) -> tuple[str, str]:
    """What the server is (`redis`, `valkey`, …), and its version."""
    info = client.info("server")
    return str(info.get("server_name", "redis")), str(info.get("valkey_version") or info.get("redis_version"))


def _start(redis_url: str) -> str:
    if redis_url.startswith("unix:"):
        return "run `janus status` to see the engine room, `janus up` to start it, then try again"
    return "start it (`docker compose up -d redis`), or correct redis_url; `janus doctor` says how it is"


def _refusal(error: Exception, redis_url: str) -> JanusError:
    # The first word of an error reply is its code by protocol; MISCONF is how a server says that it can't write its log.
    code = str(error).partition(" ")[0]
    if type(error).__name__ == "OutOfMemoryError" or code in {"MISCONF", "OOM"}:
        return DiskFull(
            f"the server at {shown_url(redis_url)} can't store more: its disk or memory is full",
            remedy="free space where the server keeps its data, or let it hold more (redis_memory_mb, a server's maxmemory)",
        )
    return StoreFailed(
        f"the server at {shown_url(redis_url)} refused: {error}",
        remedy="try again; if it stays so, report it with the server's log",
    )
