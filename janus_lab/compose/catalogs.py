"""The catalog of models on this machine, with the hub that the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from janus_lab.compose.listening import listens
from janus_lab.errors import ServerUnreachable
from janus_lab.inference.catalog import Catalog, OpenHub
from janus_lab.inference.hashes import FileHashes
from janus_lab.inference.pull_run import PullService
from janus_lab.ports.model_hub import ModelHub
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.settings.key_variable import key_in
from janus_lab.values.model import ModelRecord, ModelShape
from janus_lab.values.shown_url import shown_url

_OTHERS, _OURS = ("http", "https"), ("vllm",)
"""Schemes of models whose files, if there are any, are a server's concern: one that is there, or one that we start."""


def open_catalog(settings: Settings) -> Catalog:
    """Finds models; the hub's client is loaded with the first model from a hub."""
    return Catalog(settings.model_cache, hub_opener(settings))


def found_model(settings: Settings, record: ModelRecord) -> str:
    """Where a model is: its first file, or its server. Raises as `Catalog.files` does, ServerUnreachable, or SettingsError for a key that is not set."""
    uri = record.uri
    scheme = uri.partition(":")[0]
    key_in(record.options.key_variable, settings.home)
    if scheme in _OTHERS and not listens(uri):
        raise ServerUnreachable(
            f"no server of models listens at {shown_url(uri)}",
            remedy="start it, or see that the address is right; `janus models use` chooses another model meanwhile",
        )
    if scheme in (*_OTHERS, *_OURS):
        return shown_url(uri)
    return str(open_catalog(settings).first_file(uri))


def hub_opener(settings: Settings) -> OpenHub:
    """What opens the hub."""
    hashes = FileHashes(settings.model_cache)

    def opened() -> AbstractContextManager[ModelHub]:
        found: AbstractContextManager[ModelHub] = factory("hub", settings.hub_url)(
            settings.hub_url, hash_of=hashes.of, offline=settings.hub_offline
        )
        return found

    return opened


def pull_service(settings: Settings, registry: ModelRegistry) -> PullService:
    """What carries out pull runs."""
    return PullService(open_catalog(settings), registry, hub_opener(settings), _shape)


def _shape(paths: Sequence[str]) -> ModelShape:
    from janus_lab.adapters.backend.gguf_shape import read_shape

    return read_shape(paths)
