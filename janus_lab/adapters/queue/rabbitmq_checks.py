"""What `janus doctor` asks RabbitMQ: is it there, of what version, may we, does it take messages, is something parked."""

from __future__ import annotations

from collections.abc import Iterator

from pika import BlockingConnection

from janus_lab.adapters.amqp_client import open_connection, server_version, translated
from janus_lab.adapters.queue.rabbitmq_dead_letters import open_dead_letters
from janus_lab.errors import JanusError
from janus_lab.values.counted import count
from janus_lab.values.health import Check, Verdict
from janus_lab.values.shown_url import shown_url

_NAME = "broker"


def checks(url: str) -> Iterator[Check]:
    """Reachable, version, credentials, virtual host, room for messages, dead letters. Never raises."""
    try:
        yield from _asked(url)
    except JanusError as error:
        yield Check(_NAME, Verdict.FAILED, error.message, error.remedy)


def _asked(url: str) -> Iterator[Check]:
    with open_connection(url, "janus-doctor") as connection:
        product, version = server_version(connection)
        yield Check(_NAME, Verdict.OK, f"{product} {version} answers at {shown_url(url)}")
        with translated(url):
            _publish(connection)
        yield Check(f"{_NAME} room", Verdict.OK, "takes messages")
    with open_dead_letters(url) as letters:
        dead = sum(queue.dead for queue in letters.lengths())
    if dead:
        detail = f"{count(dead, 'message')} that no worker could handle"
        remedy = "see `janus queue dead`, then `janus queue redrive` or `janus queue discard`"
        yield Check(f"{_NAME} dead letters", Verdict.WARNING, detail, remedy)


def _publish(connection: BlockingConnection) -> None:
    """Put a message through a queue that goes with this connection: a broker with an alarm would not take it."""
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, b"")
