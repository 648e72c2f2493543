"""What the engine is asked for: to speak, or to weigh what might be said."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any, Protocol

import numpy as np

from janus_lab.adapters.backend import llama_cells
from janus_lab.adapters.backend.llama_context import LlamaContext
from janus_lab.adapters.backend.llama_vocabulary import Vocabulary
from janus_lab.adapters.backend.text_pieces import TextPieces
from janus_lab.values.generation import FinishReason, GenerationRequest, Token, Usage

NOWHERE = -1
"""The number of the sequence of a request that waits."""


class Sampler(Protocol):
    """Chooses tokens for one request."""

    @property
    def over(self) -> bool:
        """Whether nothing may follow what was chosen."""
        ...

    def choose(self, context: LlamaContext, place: int) -> int:
        """The token after a place in the batch read last."""
        ...

    def close(self) -> None:
        """Give its memory back."""
        ...


class Asked(ABC):
    """A request in the engine: tokens to be read, and what is made of the logits after some of them."""

    def __init__(self, tokens: list[int], positions: int) -> None:
        self.tokens = tokens
        self.prompt_tokens = len(tokens)
        self.positions = positions
        self.sequence = llama_cells.Sequence(NOWHERE)
        self.cached = 0
        self.cancelled = False
        self.told: SimpleQueue[Any] = SimpleQueue()

    @property
    def unread(self) -> int:
        """How many tokens are still to be read."""
        return len(self.tokens) - self.read

    @property
    def read(self) -> int:
        """How many tokens are read."""
        return len(self.sequence.tokens)

    @property
    def beginning(self) -> list[int]:
        """The tokens that may be known already, but for the last of them, which is read for its logits."""
        return self.tokens[: self.wanted_from + 1]

    @property
    def speaking(self) -> bool:
        """Whether one token after the other is read."""
        return len(self.tokens) > self.prompt_tokens and self.unread == 1

    @property
    def wanted_from(self) -> int:
        """The position from which on logits are wanted."""
        return len(self.tokens) - 1

    @abstractmethod
    def take(self, context: LlamaContext, places: Sequence[int]) -> bool:
        """Make something of the logits at these places of the batch; True if that was all."""

    def fail(self, error: BaseException) -> None:
        """Tell whoever waits."""
        self.told.put(error)

    def end(self) -> None:  # noqa: B027 - who only weighs holds nothing
        """Give back what it holds."""


class Speech(Asked):
    """Says what comes next, token by token, as pieces of text."""

    def __init__(
        self, prompt: list[int], request: GenerationRequest, vocabulary: Vocabulary, sampler: Sampler, model: str
    ) -> None:
        # The last token said is not read.
        super().__init__(list(prompt), len(prompt) + max(request.max_tokens, 1) - 1)
        self._left = request.max_tokens
        self._vocabulary = vocabulary
        self._sampler = sampler
        self._model = model
        self._pieces = TextPieces(request.stop)
        self._said = 0

    def take(self, context: LlamaContext, places: Sequence[int]) -> bool:
        """Say the next token; True if it was the last."""
        if self._left <= 0:
            return self._finish(FinishReason.LENGTH)
        token = self._sampler.choose(context, places[-1])
        if self._vocabulary.ends(token):
            return self._finish(FinishReason.STOP)
        self._said += 1
        self._left -= 1
        if text := self._pieces.push(self._vocabulary.piece(token)):
            self.told.put(Token(text))
        if self._pieces.stopped or self._sampler.over:
            return self._finish(FinishReason.STOP)
        if self._left <= 0:
            return self._finish(FinishReason.LENGTH)
        self.tokens.append(token)
        return False

    def last(self, finish: FinishReason, text: str = "") -> Token:
        """The last piece: what it took, and who spoke."""
        usage = Usage(self.prompt_tokens, self._said, self.cached)
        return Token(text, finish, usage=usage, model=self._model)

    def end(self) -> None:
        """Let go of the sampler."""
        self._sampler.close()

    def _finish(self, reason: FinishReason) -> bool:
        self.told.put(self.last(reason, self._pieces.push(b"", last=True)))
        return True


class Weighing(Asked):
    """Tells how likely a continuation is, were it what comes after a prompt."""

    def __init__(self, prompt: list[int], continuation: list[int]) -> None:
        tokens = [*prompt, *continuation[:-1]]
        super().__init__(tokens, len(tokens))
        self._continuation = continuation
        self._first = len(prompt) - 1
        self._found: dict[int, float] = {}

    @property
    def wanted_from(self) -> int:
        """From the prompt's last token on."""
        return self._first

    def take(self, context: LlamaContext, places: Sequence[int]) -> bool:
        """Note log-probabilities; the mean is told at the end."""
        # What had been read may have been lost and be read again: these are the last that are read now.
        for number, place in enumerate(places, self.read - self._first - len(places)):
            logits = context.logits(place)
            best, chosen = logits.max(), logits[self._continuation[number]]
            self._found[number] = float(chosen - best - np.log(np.exp(logits - best).sum()))
        if len(self._found) < len(self._continuation):
            return False
        self.told.put(sum(self._found.values()) / len(self._continuation))
        return True
