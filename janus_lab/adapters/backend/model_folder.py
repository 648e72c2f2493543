"""What the small files beside a model say, as sentence-transformers writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_PROMPTS = Path("config_sentence_transformers.json")
_OF_QUERIES, _OF_PASSAGES = ("query",), ("document", "passage", "corpus")
_LONGEST_PREFIX = 1000


def beside(model: Path, name: Path) -> dict[str, Any]:
    """A JSON file in the model's folder or the one above, as repositories keep graphs in a folder of their own; else nothing."""
    for folder in (model.parent, model.parent.parent):
        with suppress(OSError, ValueError):
            found = json.loads((folder / name).read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return found
    return {}


def read_prefixes(model: Path) -> tuple[str, str]:
    """What the model was trained to read before a query, and before a text that is searched; "" where the files say nothing."""
    told = beside(model, _PROMPTS)
    prompts = told.get("prompts")
    if not isinstance(prompts, dict):
        return "", ""
    usual = told.get("default_prompt_name")
    return _first(prompts, (*_OF_QUERIES, usual)), _first(prompts, (*_OF_PASSAGES, usual))


def _first(prompts: dict[str, Any], names: Sequence[object]) -> str:
    found = next((prompts[name] for name in names if isinstance(name, str) and name in prompts), "")
    return found if isinstance(found, str) and len(found) <= _LONGEST_PREFIX else ""
