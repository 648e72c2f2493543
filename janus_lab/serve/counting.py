"""How many tokens a chat or texts have, as vLLM's `/tokenize` tells it."""

from __future__ import annotations

from typing import Any

from janus_lab.serve.embedding import TEXTS_AT_MOST
from janus_lab.serve.fields import Fields
from janus_lab.serve.messages import read_messages
from janus_lab.serve.names import Models, chosen, task_of
from janus_lab.serve.refusals import wrong
from janus_lab.values.counting import Counted, CountRequest
from janus_lab.values.model import ModelTask

_KEPT = ("model", "messages", "prompt", "add_generation_prompt", "add_special_tokens", "priority")


def read_count(fields: Fields, models: Models) -> CountRequest:
    """What is to be counted: `messages`, or `prompt`, which may be several. Raises Refused."""
    fields.refuse_unkept(_KEPT)
    name = fields.text("model")
    if fields.get("messages") is not None:
        fields.expect("add_generation_prompt", True)
        return CountRequest(read_messages(fields), model=chosen(models, name, ModelTask.GENERATION))
    fields.expect("add_special_tokens", True)
    task = task_of(models, name)
    return CountRequest((), _texts(fields), task, chosen(models, name, task))


def counted(found: Counted) -> dict[str, Any]:
    """The answer. `counts` is ours: one for each text. The tokens themselves are not told, as not every backend has them."""
    return {
        "count": sum(found.counts),
        "counts": list(found.counts),
        "max_model_len": found.window or None,
        "model": found.model,
    }


def _texts(fields: Fields) -> tuple[str, ...]:
    given = fields.get("prompt")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 1 <= len(texts) <= TEXTS_AT_MOST:
        raise wrong("prompt", f"a text, or 1 to {TEXTS_AT_MOST} of them, or messages, are expected")
    if not all(isinstance(text, str) for text in texts):
        raise wrong("prompt", "texts are expected")
    return tuple(texts)
