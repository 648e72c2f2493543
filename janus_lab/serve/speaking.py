"""Chats and completions: whole, or streamed as server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from janus_lab.errors import JanusError
from janus_lab.serve.following import Following
from janus_lab.serve.refusals import Refused, refused
from janus_lab.serve.retelling import Retelling
from janus_lab.serve.shapes import Shape, ours, usage_of
from janus_lab.values.chat import ChatReply
from janus_lab.values.codec import from_json
from janus_lab.values.event import Event, EventKind

PATIENCE_SECONDS = 5.0
"""So long the first word of a stream is waited for: until then a failure is told by HTTP's status."""
KEEP_ALIVE_SECONDS = 10.0
_KEEP_ALIVE = ": the model is not there yet, or reads\n\n"
_END = "data: [DONE]\n\n"

Told = Event | dict[str, Any]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Sending:
    """How a reply is written: its shape, the model that was asked for, and whether a stream ends with what it took."""

    shape: Shape
    model: str
    usage_wanted: bool = False
    created: int = field(default_factory=lambda: int(time.time()))
    number: str = field(default_factory=lambda: uuid.uuid4().hex)

    def chunk(self, choices: list[dict[str, Any]], **more: Any) -> str:
        """One event of a stream."""
        whole: dict[str, Any] = {
            "id": f"{self.shape.prefix}{self.number}",
            "object": self.shape.part,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }
        if self.usage_wanted:
            whole["usage"] = None
        return f"data: {json.dumps({**whole, **more}, ensure_ascii=False)}\n\n"

    def whole(self, reply: ChatReply) -> dict[str, Any]:
        """A reply that comes at once."""
        return {
            "id": f"{self.shape.prefix}{self.number}",
            "object": self.shape.whole,
            "created": self.created,
            "model": reply.model,
            "choices": [self.shape.choice(reply)],
            "usage": usage_of(reply),
            "janus": ours(reply.run_id, reply.notes),
        }


async def reply_whole(request: Request, following: Following, sending: Sending) -> Response:
    """The reply, when it is whole. The run is cancelled if the client leaves."""
    result = await while_there(request, following)
    return JSONResponse(sending.whole(from_json(ChatReply, result)))


async def while_there(request: Request, following: Following) -> dict[str, Any]:
    """A run's result. Raises Refused if the client leaves before: then the run is cancelled."""
    try:
        return await _unless_left(request, following.result())
    finally:
        following.stop()


async def reply_streamed(request: Request, following: Following, sending: Sending) -> Response:
    """The reply as it comes. A run that fails at once is told by the status; raises its error."""
    begun: list[Told] = []
    try:
        with suppress(TimeoutError):
            await _unless_left(request, asyncio.wait_for(_first_word(following, begun), PATIENCE_SECONDS))
    except BaseException:
        following.stop()
        raise
    return _Stream(_lines(following, sending, begun), following)


async def _first_word(following: Following, begun: list[Told]) -> None:
    """Gather what is told until there is a word, or the end."""
    while not begun or not _telling(begun[-1]):
        begun.append(await following.next())


async def _unless_left(request: Request, work: Coroutine[Any, Any, Value]) -> Value:
    """What `work` gives, which is given up when the client leaves: then raises Refused."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Refused(499, "disconnected", "the client left")
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    """Until the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _telling(told: Told) -> bool:
    return not isinstance(told, Event) or told.kind is EventKind.TOKEN


class _Stream(StreamingResponse):
    """A stream whose run ends with it, whether or not a line of it was ever sent."""

    media_type = "text/event-stream"

    def __init__(self, lines: AsyncIterator[str], following: Following) -> None:
        super().__init__(lines, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._following = following

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._following.stop()


async def _lines(following: Following, sending: Sending, begun: list[Told]) -> AsyncIterator[str]:
    if (opening := sending.shape.opening()) is not None:
        yield sending.chunk([opening])
    retelling = Retelling()
    try:
        async for told in _all(following, begun):
            if told is None:
                yield _KEEP_ALIVE
            elif not isinstance(told, Event):
                retelling.end()
                for line in _ending(sending, from_json(ChatReply, told)):
                    yield line
            elif text := retelling.fresh(told):
                yield sending.chunk([sending.shape.piece(text)])
    except (JanusError, Refused) as error:
        why = error if isinstance(error, Refused) else refused(error)
        yield f"data: {json.dumps(why.body(), ensure_ascii=False)}\n\n"


async def _all(following: Following, begun: list[Told]) -> AsyncIterator[Told | None]:
    """Everything that is told, the result last; None now and then while nothing is."""
    for told in begun:
        yield told
    over = bool(begun) and not isinstance(begun[-1], Event)
    while not over:
        try:
            async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                told = await following.next()
        except TimeoutError:
            yield None
        else:
            over = not isinstance(told, Event)
            yield told


def _ending(sending: Sending, reply: ChatReply) -> list[str]:
    """The last lines of a stream: why it ended, who spoke, what it took."""
    notes = ours(reply.run_id, reply.notes)
    lines = [sending.chunk([sending.shape.closing(reply)], model=reply.model, janus=notes)]
    if sending.usage_wanted:
        lines.append(sending.chunk([], model=reply.model, usage=usage_of(reply)))
    return [*lines, _END]
