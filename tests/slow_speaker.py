"""A model that speaks for minutes: whoever interrupts it comes in time, however late a busy machine lets them come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openai_scripts import MODEL
from openai_stand_in import open_stand_in

from janus_lab.values.generation import FinishReason, GenerationRequest, Message, ModelInfo, Token, Tool

SAID = "The lidar measures the wind by the light that dust sends back [1]. "
SECONDS = 180.0
_BETWEEN_WORDS_SECONDS = 0.05


class SlowSpeaker:
    """Says `SAID` again and again, word by word, for three minutes in all; a mute one says nothing for as long."""

    info = ModelInfo("test://slow", MODEL, "0" * 64, "none", context_tokens=32_768)

    def __init__(self, *, mute: bool) -> None:
        self._mute = mute

    def count_tokens(self, messages: tuple[Message, ...], tools: tuple[Tool, ...] = ()) -> int:
        """A token a word."""
        return sum(len(message.content.split()) for message in messages)

    def stream(self, request: GenerationRequest, *, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Words at leisure, until nobody listens."""
        words = SAID.split()
        for number in range(int(SECONDS / _BETWEEN_WORDS_SECONDS)):
            if cancelled():
                break
            if not self._mute:
                yield Token(f"{words[number % len(words)]} ")
            time.sleep(_BETWEEN_WORDS_SECONDS)
        yield Token("", FinishReason.STOP)


@contextmanager
def open_slow_speaker(*, mute: bool = False) -> Iterator[str]:
    """The address of a server that offers it."""
    with open_stand_in(SlowSpeaker(mute=mute)) as stand_in:
        yield stand_in.url
