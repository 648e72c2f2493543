"""RabbitMQ's fixture: a fresh virtual host a test, with a user who may do everything in it."""

from __future__ import annotations

import pika


def test_a_virtual_host_is_fresh(rabbitmq_url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_url)) as connection:
        channel = connection.channel()
        channel.queue_declare("left-behind", durable=True)
        channel.basic_publish("", "left-behind", b"1")


def test_and_so_is_the_next(rabbitmq_url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_url)) as connection:
        assert connection.channel().queue_declare("left-behind", durable=True).method.message_count == 0
