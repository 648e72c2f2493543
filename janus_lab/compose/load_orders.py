"""Orders to open models: a record's files and what the settings say to compute with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from janus_lab.adapters.backend.model_folder import read_prefixes
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import Settings
from janus_lab.settings.key_variable import key_in
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import LoadPlan, ModelRecord, ModelTask

_WITHOUT_TOKENIZER = ".gguf"
"""Files that hold their tokenizer themselves."""
_WITHOUT_FILES = ("http", "https", "vllm")
"""Schemes of models whose files, if there are any, are a server's concern."""
_LOGS = "logs"


def load_order(
    settings: Settings, catalog: Catalog, record: ModelRecord, plan: LoadPlan | None = None, *, threads: int = 0
) -> LoadOrder:
    """The order to open a model. Raises UnknownScheme, MissingPackage or NotFound if its files are not there, SettingsError for a key."""
    precision = record.options.precision or settings.embedding_precision
    order = LoadOrder(
        replace(record, options=replace(record.options, precision=precision)),
        _info(record),
        plan=plan
        or LoadPlan(settings.context_tokens, settings.context_tokens, batch_tokens=settings.prompt_batch_tokens),
        cache=settings.model_cache,
        threads=threads,
        batch_tokens=settings.embedding_batch_tokens,
        key=key_in(record.options.key_variable, settings.home),
        logs=settings.home / _LOGS,
    )
    if record.uri.partition(":")[0] in _WITHOUT_FILES:
        return order
    files = catalog.files(record.uri)
    path = Path(files.paths[0])
    info = replace(_info(record, path), content_hash=files.content_hash, licence=files.licence)
    return replace(order, info=info, files=files, tokenizer=_tokenizer(catalog, record, path))


def _info(record: ModelRecord, path: Path | None = None) -> ModelInfo:
    """What is known of a model before it is opened; prefixes are as its record says, else as its files do."""
    found = ModelInfo(record.uri, record.name, "", "")
    if record.task is not ModelTask.EMBEDDING:
        return found
    query, passage = read_prefixes(path) if path is not None else ("", "")
    options = record.options
    return replace(
        found,
        query_prefix=query if options.query_prefix is None else options.query_prefix,
        passage_prefix=passage if options.passage_prefix is None else options.passage_prefix,
    )


def _tokenizer(catalog: Catalog, record: ModelRecord, path: Path) -> Path | None:
    if record.task is ModelTask.GENERATION or path.suffix == _WITHOUT_TOKENIZER:
        return None
    return catalog.tokenizer(record.uri)
