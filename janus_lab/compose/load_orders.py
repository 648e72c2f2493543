"""Orders to open models: a record's files and what the settings say to compute with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from janus_lab.inference.catalog import Catalog
from janus_lab.settings import Settings
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import LoadPlan, ModelFiles, ModelRecord, ModelTask

_WITHOUT_TOKENIZER = ".gguf"
"""Files that hold their tokenizer themselves."""


def load_order(
    settings: Settings, catalog: Catalog, record: ModelRecord, plan: LoadPlan | None = None, *, threads: int = 0
) -> LoadOrder:
    """The order to open a model from its files. Raises UnknownScheme, MissingPackage or NotFound if they are not there."""
    precision = record.options.precision or settings.embedding_precision
    entry = catalog.find(record.uri)
    info = entry.info
    size = entry.path.stat().st_size
    return LoadOrder(
        replace(record, options=replace(record.options, precision=precision)),
        info,
        ModelFiles(record.uri, (str(entry.path),), size, info.content_hash, info.licence),
        plan or LoadPlan(settings.context_tokens, settings.context_tokens, batch_tokens=settings.prompt_batch_tokens),
        settings.model_cache,
        threads,
        settings.embedding_batch_tokens,
        _tokenizer(catalog, record, entry.path),
    )


def _tokenizer(catalog: Catalog, record: ModelRecord, path: Path) -> Path | None:
    if record.task is ModelTask.GENERATION or path.suffix == _WITHOUT_TOKENIZER:
        return None
    return catalog.tokenizer(record.uri)
