"""What a URL may say of a Qdrant server, and what never leaves it."""

from __future__ import annotations

import pytest

from janus_lab.adapters.vector.server.address import parsed
from janus_lab.errors import SettingsError


def test_tls_is_off_on_loopback_and_on_elsewhere_unless_said_otherwise():
    assert not parsed("qdrant://localhost:6333").tls
    assert not parsed("qdrant://[::1]:6333").tls
    assert parsed("qdrant://:key@qdrant.example:6333").tls
    assert not parsed("qdrant://:key@qdrant:6333?tls=off").tls
    assert parsed("qdrant://127.0.0.1?tls=on").tls


def test_what_is_not_said_has_a_meaning():
    address = parsed("qdrant://127.0.0.1")
    assert (address.port, address.key, address.grpc_port, address.prefix) == (6333, "", 6334, "janus")
    assert not address.quantized
    assert not address.prefer_grpc


def test_options_are_read():
    url = "qdrant://:a%2Fb%40c@host:7000?prefer_grpc=on&grpc_port=9&quantization=int8&timeout_seconds=5&prefix=lab-2"
    address = parsed(url)
    assert (address.key, address.port, address.grpc_port, address.timeout_seconds) == ("a/b@c", 7000, 9, 5)
    assert address.quantized
    assert address.prefer_grpc
    assert address.prefix == "lab-2"


def test_the_key_is_never_shown():
    address = parsed("qdrant://user:s3cret@host:7000?tls=off")
    assert address.shown == "qdrant://host:7000"
    assert "s3cret" not in f"{address!r} {address.shown}"


@pytest.mark.parametrize(
    "url",
    [
        "qdrant://",
        "qdrant://:s3cret@host:port",
        "qdrant://:s3cret@host/path",
        "qdrant://:s3cret@host?tls=yes",
        "qdrant://:s3cret@host?colour=red",
        "qdrant://:s3cret@host?quantization=int4",
        "qdrant://:s3cret@host?timeout_seconds=0",
        "qdrant://:s3cret@host?timeout_seconds=soon",
        "qdrant://:s3cret@host?prefix=../x",
        "qdrant://:s3cret@host?prefix=",
        "qdrant://:s3cret@[host",
    ],
)
def test_what_makes_no_sense_is_told_without_the_key(url):
    with pytest.raises(SettingsError) as caught:
        parsed(url)
    assert "s3cret" not in " ".join(caught.value.lines())
