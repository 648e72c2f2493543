"""What stands before every request: the key, and how large a body may be."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from janus_lab.serve.fields import Fields
from janus_lab.serve.refusals import Refused

BODY_BYTES = 8 * 2**20
BODY_SECONDS = 30.0
_SCHEME = b"bearer "
_OPEN_PATHS = ("/health",)


class Guard:
    """Lets nobody through who does not show the key, before anything of the body is read."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or go on."""
        if scope["type"] == "http" and scope["path"] not in _OPEN_PATHS and not self._shown(scope):
            refusal = Refused(
                401, "invalid_api_key", "the key is missing or wrong: Authorization: Bearer KEY is expected"
            )
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _shown(self, scope: Scope) -> bool:
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(values) != 1 or values[0][: len(_SCHEME)].lower() != _SCHEME:
            return False
        return hmac.compare_digest(values[0][len(_SCHEME) :].strip(), self._key)


async def read_body(request: Request) -> Fields:
    """The JSON object in a request's body. Raises Refused for one that is too large, too slow, or none."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            data = await _data(request)
    except TimeoutError as error:
        raise Refused(408, "too_slow", f"the body did not come within {BODY_SECONDS:.0f} seconds") from error
    except ClientDisconnect as error:
        raise Refused(400, "disconnected", "the client left") from error
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "invalid_json", "the body is not JSON") from error
    if not isinstance(value, dict):
        raise Refused(400, "invalid_json", "the body is no JSON object")
    return Fields(value)


async def _data(request: Request) -> bytes:
    too_large = Refused(413, "too_large", f"a body may have {BODY_BYTES} bytes")
    told = request.headers.get("content-length", "0")
    if told.isdigit() and int(told) > BODY_BYTES:
        raise too_large
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > BODY_BYTES:
            raise too_large
    return bytes(data)
