"""What a server tells of the models it offers: their names, and how large a window they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from janus_lab.adapters.backend.openai_refusals import TRANSLATED
from janus_lab.adapters.backend.openai_server import ModelServer
from janus_lab.errors import NotFound, SettingsError
from janus_lab.values.generation import ModelInfo
from janus_lab.values.ids import bytes_hash
from janus_lab.values.load_order import LoadOrder

_ASK_SECONDS = 10.0
_WINDOWS = ("max_model_len", "context_length", "context_window", "max_context_length")
"""What servers call the window in their list of models (vLLM and ours, OpenRouter, Groq, LM Studio)."""
_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Offered:
    """A model by the server's name for it; `window`, and the one it was `trained` with, in tokens, 0 where it is not told."""

    name: str
    window: int = 0
    trained: int = 0


def offered_model(server: ModelServer, wanted: str) -> Offered:
    """The model to ask for: the wanted one, or else the only one there is. Raises SettingsError if one must be chosen."""
    listed = _listed(server, wanted)
    if wanted:
        chosen = next((model for model in listed if model.name == wanted), Offered(wanted))
    elif len(listed) == 1:
        chosen = listed[0]
    else:
        names = ", ".join(model.name[:80] for model in listed[:_NAMES_SHOWN]) or "none that it lists"
        raise SettingsError(
            f"the server of models at {server.address.shown} offers several models, and none is chosen: {names}",
            remedy="name one of them as the model's remote_model",
        )
    window = chosen.window or next(_windows_beside(server), 0)
    return replace(chosen, window=min(window, chosen.trained) if chosen.trained else window)


def described(order: LoadOrder, model: str) -> ModelInfo:
    """The model as far as it is known: what a server runs is known by where it is and what it is called there."""
    info = order.info
    return replace(
        info,
        uri=info.uri or order.record.uri,
        name=info.name or order.record.name,
        content_hash=info.content_hash or bytes_hash(f"{order.record.uri}\n{model}".encode()),
        licence=info.licence or "unknown",
    )


def asked(server: ModelServer, path: str, body: Mapping[str, object] | None = None) -> Mapping[str, object]:
    """The answer to a call that not every server knows; empty where it is refused or makes no sense."""
    try:
        answer = server.ask(path, body, seconds=_ASK_SECONDS)
    except TRANSLATED:
        return {}
    return answer if isinstance(answer, Mapping) else {}


def _listed(server: ModelServer, wanted: str) -> list[Offered]:
    try:
        answer = server.ask("/models", seconds=_ASK_SECONDS)
    except NotFound:
        if wanted:
            return []
        raise
    models = answer.get("data") if isinstance(answer, Mapping) else None
    return [
        Offered(model["id"], next(_windows_told(model), 0), next(_count(_meta(model).get("n_ctx_train")), 0))
        for model in (models if isinstance(models, list) else ())
        if isinstance(model, Mapping) and isinstance(model.get("id"), str)
    ]


def _windows_told(model: Mapping[str, object]) -> Iterator[int]:
    for name in _WINDOWS:
        yield from _count(model.get(name))
    yield from _count(_meta(model).get("n_ctx"))


def _meta(model: Mapping[str, object]) -> Mapping[str, object]:
    """What llama-server tells of a model's file."""
    meta = model.get("meta")
    return meta if isinstance(meta, Mapping) else {}


def _windows_beside(server: ModelServer) -> Iterator[int]:
    """What llama-server tells beside the API (for one of its slots), and TabbyAPI within it."""
    settings = asked(server, f"{server.address.beside}/props").get("default_generation_settings")
    if isinstance(settings, Mapping):
        yield from _count(settings.get("n_ctx"))
    parameters = asked(server, "/model").get("parameters")
    if isinstance(parameters, Mapping):
        yield from _count(parameters.get("max_seq_len"))


def _count(value: object) -> Iterator[int]:
    if isinstance(value, int) and value > 0:
        yield value
