"""URLs fetched: http and https only, bounded in size and time, redirects checked one by one."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING

from janus_lab.errors import FileTooLarge, UrlFailed

if TYPE_CHECKING:
    import httpx

_REDIRECTS = 5
_SECONDS = 60.0
_WAIT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a URL yielded: bytes, and what the server said they are."""

    data: bytes
    media_type: str
    charset: str | None


Fetch = Callable[[str, int], Fetched]
"""Fetches a URL, up to so many bytes; see `fetch`."""
Turn = Callable[[str], None]
"""Returns when the next request to a host may be sent."""


def fetch(url: str, limit_bytes: int, *, turn: Turn) -> Fetched:
    """The content at `url`; `turn` is called before every request, redirects too.

    Raises UrlFailed, or FileTooLarge beyond `limit_bytes`.
    """
    import httpx

    try:
        with httpx.Client(follow_redirects=False, timeout=_WAIT_SECONDS) as client:
            return _follow(client, httpx.URL(url), limit_bytes, turn)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise UrlFailed(
            f"it can't be fetched: {reason}", remedy="check the address and the network, then repeat"
        ) from error


def _follow(client: httpx.Client, target: httpx.URL, limit_bytes: int, turn: Turn) -> Fetched:
    for _ in range(_REDIRECTS + 1):
        if target.scheme not in ("http", "https"):
            raise UrlFailed(f"it leads to {target.scheme}:, which is not fetched", remedy="download it yourself")
        turn(target.host)
        with client.stream("GET", target, headers={"User-Agent": "janus-lab"}) as response:
            if response.has_redirect_location:
                origin, target = target, target.join(response.headers["location"])
                if _public(origin.host) and not _public(target.host):
                    raise UrlFailed(
                        f"it leads from {origin.host} into this machine's own network, to {target.host}",
                        remedy="don't trust this address; give the one it leads to if you do",
                    )
                continue
            if not response.is_success:
                raise UrlFailed(
                    f"the server answered {response.status_code}", remedy="open it in a browser, then save the page"
                )
            return _read(response, limit_bytes)
    raise UrlFailed(f"it redirects more than {_REDIRECTS} times", remedy="give the address where it ends")


def _public(host: str) -> bool:
    """Whether a host lies in the open network; one that can't be found does, and fails when it is asked."""
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return True
    return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global for *_, address in found)


def _read(response: httpx.Response, limit_bytes: int) -> Fetched:
    pieces = bytearray()
    until = time.monotonic() + _SECONDS
    for piece in response.iter_bytes():
        pieces += piece
        if len(pieces) > limit_bytes:
            raise FileTooLarge(
                f"it has more than {limit_bytes / 1e6:,.0f} MB", remedy="raise `file_limit_mb` in janus.toml"
            )
        if time.monotonic() > until:
            raise UrlFailed(f"it took longer than {_SECONDS:.0f} s", remedy="download it, then ingest the file")
    header = Message()
    header["content-type"] = response.headers.get("content-type", "")
    return Fetched(bytes(pieces), header.get_content_type(), header.get_content_charset())
