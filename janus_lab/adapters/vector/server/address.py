"""What a URL says of a Qdrant server.

`qdrant://:KEY@host:port?tls=on|off&prefer_grpc=on|off&grpc_port=…&quantization=int8|off&timeout_seconds=…&prefix=…`
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from janus_lab.errors import SettingsError

SCHEME = "qdrant"
_PORT = 6333
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SWITCH = {"on": True, "off": False}
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SMALLEST, _LARGEST = 1, 65_535
_OPTIONS = ("tls", "prefer_grpc", "grpc_port", "quantization", "timeout_seconds", "prefix")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is and how to speak to it. `prefix` begins the names of everything we keep there."""

    host: str
    port: int
    key: str = field(repr=False)
    tls: bool
    prefer_grpc: bool
    grpc_port: int
    quantized: bool
    timeout_seconds: int
    prefix: str

    @property
    def shown(self) -> str:
        """The address fit for messages: without key and options."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEME}://{host}:{self.port}"


def parsed(url: str) -> Address:
    """The address in a URL. TLS is off on loopback and on elsewhere unless `tls` says otherwise. Raises SettingsError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORT
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        # The words of the error may quote a key that was not percent-encoded.
        raise _bad("it is no URL") from None
    if not host or parts.path.strip("/"):
        raise _bad("it names no host, or a path behind it")
    if unknown := sorted(options.keys() - set(_OPTIONS)):
        raise _bad(f"it has unknown options: {', '.join(unknown)} (known: {', '.join(_OPTIONS)})")
    prefix = options.get("prefix", "janus")
    if not _PREFIX.fullmatch(prefix):
        raise _bad("`prefix` takes small letters, digits, - and _, 64 at most")
    return Address(
        host=host,
        port=port,
        key=unquote(parts.password or ""),
        tls=_choice(options, "tls", _SWITCH, default=host not in _LOOPBACK),
        prefer_grpc=_choice(options, "prefer_grpc", _SWITCH, default=False),
        grpc_port=_number(options, "grpc_port", port + 1),
        quantized=_choice(options, "quantization", {"int8": True, "off": False}, default=False),
        timeout_seconds=_number(options, "timeout_seconds", 30),
        prefix=prefix,
    )


def _choice(options: dict[str, str], name: str, choices: dict[str, bool], *, default: bool) -> bool:
    given = options.get(name)
    if given is None:
        return default
    if given not in choices:
        raise _bad(f"`{name}` is {' or '.join(choices)}")
    return choices[given]


def _number(options: dict[str, str], name: str, default: int) -> int:
    given = options.get(name, str(default))
    if not given.isdecimal() or not _SMALLEST <= int(given) <= _LARGEST:
        raise _bad(f"`{name}` is a whole number above 0")
    return int(given)


def _bad(reason: str) -> SettingsError:
    # The URL itself may hold a key, so it is not repeated.
    return SettingsError(
        f"vectors_url can't be used: {reason}", remedy="write it as qdrant://:KEY@host:6333?tls=on (see docs/stack.md)"
    )
