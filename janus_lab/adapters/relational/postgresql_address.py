"""What a PostgreSQL URL says, for the driver and for eyes."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from janus_lab.errors import SettingsError

PORT = 5432
"""Where a server listens unless a URL says otherwise."""
_DRIVER = "postgresql+psycopg"
_CONNECT_SECONDS = 10
# What a session is to be like, whatever the server's own settings. Plans are made for the values at hand: one plan for all
# values would not use the indexes that rare words have.
_SESSION = {
    "timezone": "UTC",
    "client_encoding": "UTF8",
    "lock_timeout": "30s",
    "statement_timeout": "120s",
    "idle_in_transaction_session_timeout": "600s",
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    # So does the server with us, whose locks it holds until then.
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
# A peer that is gone without a word is noticed in a minute.
_ALIVE = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}


def parsed(url: str) -> URL:
    """A URL, for the driver that we use. Raises SettingsError."""
    try:
        return make_url(url).set(drivername=_DRIVER)
    except (ArgumentError, ValueError):
        # The words of the error may quote a password that was not percent-encoded.
        raise SettingsError(
            "relational_url is no URL of a database",
            remedy="write it as postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE, special characters %-quoted",
        ) from None


def shown(url: URL) -> str:
    """A URL fit for messages: without user, password and options."""
    return f"postgresql://{url.host or 'localhost'}:{url.port or PORT}/{url.database or ''}"


def connect_arguments(url: URL) -> dict[str, Any]:
    """What the driver is told beside the URL, whose own options come first."""
    session = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    given = dict(url.query)
    return {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": f"janus-lab:{os.getpid()}",
        **_ALIVE,
        **{name: value for name, value in given.items() if name != "options"},
        "options": f"{session} {given.get('options', '')}".strip(),
    }
