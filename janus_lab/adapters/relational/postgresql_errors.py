"""What PostgreSQL refuses, in our words: by SQLSTATE, never by its text, which is in the server's language."""

from __future__ import annotations

from sqlalchemy import URL

from janus_lab.adapters.relational.postgresql_address import PORT, shown
from janus_lab.adapters.relational.postgresql_refusal import why_refused
from janus_lab.errors import AccessDenied, DiskFull, JanusError, StoreFailed, StoreUnreachable

_DISK_FULL = "53100"
_TOO_MANY = "53300"
_FORBIDDEN = "42501"
_READ_ONLY = "25006"
_NO_DATABASE = "3D000"
_WAITED = {"57014", "55P03", "25P03"}
_LEAVING = {"57P01", "57P02", "57P03", "57P05"}
_TOO_LONG = "54000"


def postgresql_error(error: BaseException, url: URL) -> JanusError:
    """Our error for one of psycopg's."""
    import psycopg

    state = getattr(error, "sqlstate", None)
    if state is None and isinstance(error, psycopg.OperationalError):
        state = why_refused(url)
        if state is None:
            return _unreachable(url)
    return _by_state(state or "", error, url)


def _by_state(state: str, error: BaseException, url: URL) -> JanusError:
    place = shown(url)
    if state in _LEAVING or state.startswith("08"):
        return _unreachable(url)
    if state.startswith("28") or state in {_NO_DATABASE, _FORBIDDEN}:
        return _denied(state, place, url)
    if state == _DISK_FULL:
        return DiskFull(
            f"the disk of the server at {place} is full",
            remedy="free space where the server keeps its data, then repeat; nothing stored is lost",
        )
    if state == _TOO_MANY:
        return StoreUnreachable(
            f"the server at {place} takes no more connections",
            remedy="close notebooks and workers that are not needed, or raise max_connections on the server",
        )
    if state in _WAITED:
        return StoreUnreachable(
            f"the server at {place} was too slow, or other work held a lock for too long",
            remedy="wait for the other work to end (see `janus runs`), then repeat",
        )
    return _refused(state, error, place)


def _denied(state: str, place: str, url: URL) -> AccessDenied:
    if state == _NO_DATABASE:
        return AccessDenied(
            f"the server at {place} has no such database, or does not let this user into it",
            remedy=f"create it with `createdb --encoding=UTF8 {url.database}`, or correct relational_url",
        )
    if state == _FORBIDDEN:
        return AccessDenied(
            f"the user in relational_url may not make or change tables at {place}",
            remedy=f"let it own the database: `ALTER DATABASE {url.database} OWNER TO …`, then try again",
        )
    return AccessDenied(
        f"the server at {place} refuses the user or password in relational_url",
        remedy="put the right user and password into relational_url, or into the variable of .env that it names, then try again",
    )


def _unreachable(url: URL) -> StoreUnreachable:
    return StoreUnreachable(
        f"no PostgreSQL server answers at {url.host or 'localhost'}:{url.port or PORT}",
        remedy="start it (`docker compose up -d postgres`), check relational_url with `janus doctor`, then try again",
    )


def _refused(state: str, error: BaseException, place: str) -> StoreFailed:
    if state == _READ_ONLY:
        return StoreFailed(
            f"the server at {place} is read-only", remedy="point relational_url at the primary server, not at a standby"
        )
    if state.startswith("22") or state == _TOO_LONG:
        return StoreFailed(
            f"{place} can't keep a value: {error}", remedy="mend the text or number that it came from, then repeat"
        )
    return StoreFailed(f"{place}: {error}", remedy="run `janus doctor`; if it is all well there, please report this")
