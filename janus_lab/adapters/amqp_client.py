"""One way to speak to RabbitMQ: bounded waits, a version that is checked, and its errors in our words."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

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
    from pika import BlockingConnection, ConnectionParameters

OLDEST = (3, 9)
"""The oldest RabbitMQ that is taken."""
HEARTBEAT_SECONDS = 30
CONNECT_SECONDS = 5.0
BLOCKED_SECONDS = 8.0
"""How long a broker may refuse to take messages (it does when its disk or memory runs low) before that is an error."""
NO_SUCH_QUEUE = 404
_ACCESS_REFUSED, _NOT_ALLOWED = 403, 530
"""AMQP's codes for a queue that is not there, a password that is refused, and a virtual host that is not there or not ours."""
_OPTIONS = {"ssl_ca_certs"}


def parameters(broker_url: str, name: str = "janus") -> ConnectionParameters:
    """What a connection to `broker_url` is made with; the broker's console shows it as `name`. Raises SettingsError."""
    import pika

    try:
        parts = urlsplit(broker_url)
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        port, tls = parts.port, parts.scheme == "amqps"
        context = ssl.create_default_context(cafile=options.get("ssl_ca_certs")) if tls else None
    except OSError as error:
        raise _unusable(
            broker_url, f"its ssl_ca_certs can't be read ({error.strerror or type(error).__name__})"
        ) from error
    except ValueError:
        # The words of the error may quote a password that was not percent-encoded.
        raise _unusable(broker_url, "it has no usable port") from None
    if options.keys() - _OPTIONS:
        raise _unusable(broker_url, f"it has another option than {', '.join(_OPTIONS)}")
    host = parts.hostname or "localhost"
    return pika.ConnectionParameters(
        host=host,
        port=port or (5671 if tls else 5672),
        virtual_host=unquote(parts.path[1:]) or "/",
        credentials=pika.PlainCredentials(unquote(parts.username or "guest"), unquote(parts.password or "guest")),
        ssl_options=pika.SSLOptions(context, host) if context is not None else None,
        heartbeat=HEARTBEAT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
        stack_timeout=2 * CONNECT_SECONDS,
        blocked_connection_timeout=BLOCKED_SECONDS,
        client_properties={"connection_name": f"{name}:{os.getpid()}"},
    )


@contextmanager
def open_connection(broker_url: str, name: str = "janus") -> Iterator[BlockingConnection]:
    """A connection for one thread. Raises StoreUnreachable, AccessDenied or EngineTooOld."""
    import pika

    chosen = parameters(broker_url, name)
    with translated(broker_url):
        connection = pika.BlockingConnection(chosen)
    try:
        product, version = server_version(connection)
        if product == "RabbitMQ" and tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            raise EngineTooOld(
                f"{shown_url(broker_url)} is RabbitMQ {version}",
                remedy=f"run RabbitMQ {'.'.join(map(str, OLDEST))} or newer",
            )
        yield connection
    finally:
        with suppress(pika.exceptions.AMQPError):
            connection.close()


def server_version(connection: BlockingConnection) -> tuple[str, str]:
    """Name and version that the server gave when it was greeted."""
    told: dict[str, Any] = connection._impl.server_properties or {}  # noqa: SLF001 - kept nowhere else
    return _text(told.get("product")), _text(told.get("version")) or "0.0"


@contextmanager
def translated(broker_url: str) -> Iterator[None]:
    """Turn a driver's errors, also those that Dramatiq has wrapped, into ours."""
    from dramatiq.errors import BrokerConnectionError
    from pika.adapters.utils.connection_workflow import AMQPConnectorException
    from pika.exceptions import AMQPError

    try:
        yield
    except BrokerConnectionError as error:
        cause = error.__cause__ or error.__context__
        raise refusal(cause if isinstance(cause, AMQPError | OSError) else error, broker_url) from error
    except (AMQPError, AMQPConnectorException, OSError) as error:
        raise refusal(error, broker_url) from error


def refusal(error: Exception, broker_url: str) -> JanusError:
    """What a driver's error means to a person."""
    from pika import exceptions

    where = shown_url(broker_url)
    code = getattr(error, "reply_code", 0)
    if code == _NOT_ALLOWED or isinstance(error, exceptions.ProbableAccessDeniedError):
        return AccessDenied(
            f"{where} has no such virtual host, or the user may not use it",
            remedy="make it (`rabbitmqctl add_vhost`, `set_permissions`), or correct the end of broker_url",
        )
    if code == _ACCESS_REFUSED or isinstance(
        error, exceptions.ProbableAuthenticationError | exceptions.AuthenticationError
    ):
        return AccessDenied(
            f"{where} refuses the user, the password, or what they want to do",
            remedy="correct user and password in broker_url (or in .env), or give the user permissions",
        )
    if isinstance(error, exceptions.ConnectionBlockedTimeout):
        return DiskFull(
            f"{where} takes no messages: its disk or memory is nearly full",
            remedy="free space on the broker's machine (`rabbitmqctl status` shows its alarms), then try again",
        )
    if isinstance(error, exceptions.AMQPChannelError):
        return StoreFailed(
            f"{where} refused: {type(error).__name__} {code or ''}".rstrip(),
            remedy="look into the broker's log; a queue that was made with other options must be removed",
        )
    return StoreUnreachable(
        f"no broker answers at {where}", remedy="start it (`docker compose up -d rabbitmq`), then try again"
    )


def _unusable(broker_url: str, reason: str) -> SettingsError:
    return SettingsError(
        f"the broker's URL {shown_url(broker_url)} can't be used: {reason}",
        remedy="give broker_url like amqp://USER:PASSWORD@HOST:5672/VHOST, special characters percent-encoded,"
        " or amqps://…?ssl_ca_certs=FILE",
    )


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")
