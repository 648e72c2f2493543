"""Where a server of models is: its URI as a person writes it, its API's address, and how it may be shown."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from janus_lab.errors import SettingsError

_DEFAULT_PATH = "/v1"


@dataclass(frozen=True, slots=True)
class Address:
    """`api` is where the OpenAI-compatible calls are, without a slash at its end; `beside` is where servers have calls of their own.

    `shown` names the server to people. `loopback` says that it is on this machine, where no proxy stands between.
    """

    api: str
    beside: str
    shown: str
    host: str
    loopback: bool


def address(uri: str) -> Address:
    """Read `http(s)://host[:port][/path]`; without a path it is `/v1`. Raises SettingsError for what is not such an address."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused("its host or port can't be read") from error
    if parts.scheme not in ("http", "https") or not host:
        raise _refused("it names no host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _refused("it must have no user, password, query or fragment")
    named = f"[{host}]" if ":" in host else host
    root = f"{parts.scheme}://{named}" + (f":{port}" if port else "")
    api = root + (parts.path.rstrip("/") or _DEFAULT_PATH)
    return Address(api, api.removesuffix(_DEFAULT_PATH), root, host, _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _refused(why: str) -> SettingsError:
    # The address itself may hold a key, and is not shown.
    return SettingsError(
        f"the address of a server of models can't be used: {why}",
        remedy="write it as http://host:port/v1, and name the environment variable that holds its key",
    )
