"""The routes, and what answers at each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from janus_lab.errors import JanusError
from janus_lab.lab import Lab
from janus_lab.lab.models import TEXTS_A_RUN
from janus_lab.runs.handle import RunHandle
from janus_lab.serve.chat_request import Asked, read_chat, read_completion
from janus_lab.serve.counting import counted, read_count
from janus_lab.serve.embedding import embeddings, read_encoding, read_texts
from janus_lab.serve.following import Followers
from janus_lab.serve.guard import Guard, read_body
from janus_lab.serve.names import IN_USE, Models, chosen, listed
from janus_lab.serve.refusals import Refused, refused
from janus_lab.serve.shapes import ChatShape, Shape, TextShape
from janus_lab.serve.speaking import Sending, reply_streamed, reply_whole, while_there
from janus_lab.values.codec import from_json
from janus_lab.values.counting import Counted
from janus_lab.values.embedding import Embedded
from janus_lab.values.model import ModelTask
from janus_lab.values.run import Priority

_CODES = {404: "not_found", 405: "method_not_allowed"}


@dataclass(frozen=True, slots=True)
class Served:
    """A lab whose models are offered: every request is a run of it, under a lease like any other."""

    lab: Lab
    models: Models
    followers: Followers

    async def chat(self, request: Request) -> Response:
        """A chat's next message."""
        return await self._speak(request, read_chat(await read_body(request)), ChatShape())

    async def completion(self, request: Request) -> Response:
        """What comes after a text."""
        return await self._speak(request, read_completion(await read_body(request)), TextShape())

    async def embed(self, request: Request) -> Response:
        """Embeddings of texts."""
        fields = await read_body(request)
        texts, encoding, priority = read_texts(fields), read_encoding(fields), fields.priority()
        dimensions = fields.whole("dimensions", 1, 1_000_000)
        name = chosen(self.models, fields.text("model"), ModelTask.EMBEDDING)
        parts = []
        for first in range(0, len(texts), TEXTS_A_RUN):
            part = texts[first : first + TEXTS_A_RUN]
            following = self.followers.follow(partial(self._start_embed, part, name, priority))
            parts.append(from_json(Embedded, await while_there(request, following)))
        return JSONResponse(embeddings(parts, encoding, dimensions))

    async def count(self, request: Request) -> Response:
        """How many tokens a chat or texts have."""
        fields = await read_body(request)
        asked, priority = read_count(fields, self.models), fields.priority()
        following = self.followers.follow(lambda: self.lab.start_count(asked, priority=priority))
        return JSONResponse(counted(from_json(Counted, await while_there(request, following))))

    async def list_models(self, _request: Request) -> Response:
        """Every model."""
        return JSONResponse({"object": "list", "data": await asyncio.to_thread(listed, self.models)})

    async def show_model(self, request: Request) -> Response:
        """One model."""
        name = request.path_params["name"]
        found = next((entry for entry in await asyncio.to_thread(listed, self.models) if entry["id"] == name), None)
        if found is None:
            raise Refused(404, "model_not_found", f"there is no model {name[:100]!r}", field="model")
        return JSONResponse(found)

    def _start_embed(self, texts: tuple[str, ...], model: str, priority: Priority) -> RunHandle:
        return self.lab.start_embed(texts, model=model, priority=priority)[0]

    async def _speak(self, request: Request, asked: Asked, shape: Shape) -> Response:
        name = chosen(self.models, asked.model, ModelTask.GENERATION)
        following = self.followers.follow(lambda: self.lab.start_chat(asked.messages, model=name, **asked.options))
        sending = Sending(shape, asked.model or IN_USE, asked.usage_wanted)
        if asked.stream:
            return await reply_streamed(request, following, sending)
        return await reply_whole(request, following, sending)


def application(served: Served, key: str) -> Starlette:
    """What answers requests that show the key."""
    routes = [
        Route("/v1/chat/completions", served.chat, methods=["POST"]),
        Route("/v1/completions", served.completion, methods=["POST"]),
        Route("/v1/embeddings", served.embed, methods=["POST"]),
        Route("/v1/models", served.list_models),
        Route("/v1/models/{name:path}", served.show_model),
        Route("/tokenize", served.count, methods=["POST"]),
        Route("/health", _healthy),
    ]
    handlers: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        Refused: _refused,
        JanusError: _failed,
        HTTPException: _no_route,
        Exception: _broken,
    }
    return Starlette(routes=routes, middleware=[Middleware(Guard, key=key)], exception_handlers=dict(handlers))


async def _healthy(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - Starlette gives what it is registered for
    return error.response()


async def _failed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, JanusError)  # noqa: S101 - as above
    return refused(error).response()


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    code = _CODES.get(error.status_code, "refused")
    return Refused(error.status_code, code, f"{request.method} {request.url.path}: {error.detail}").response()


async def _broken(_request: Request, _error: Exception) -> Response:
    return Refused(500, "defect", "something here is broken; the log of `janus serve` says what").response()
