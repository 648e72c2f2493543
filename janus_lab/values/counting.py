"""Tokens to be counted, without anything being computed of them."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.generation import Message
from janus_lab.values.model import ModelTask


@dataclass(frozen=True, slots=True)
class CountRequest:
    """A chat (its prompt is counted, chat template included), or texts as they stand, for a model of the task.

    With `model`, only the model of that name counts; else the one in use.
    """

    messages: tuple[Message, ...] = ()
    texts: tuple[str, ...] = ()
    task: ModelTask = ModelTask.GENERATION
    model: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tokens the chat has, or each text, for the model; `window` is how many it can read at once (0: not told)."""

    model: str
    counts: tuple[int, ...]
    window: int = 0
