"""A model loaded by llama.cpp, as the port has it: chats become tokens, and the engine's tokens text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from queue import Empty

from janus_lab.adapters.backend.llama_constrained import token_bytes
from janus_lab.adapters.backend.llama_engine import LlamaEngine
from janus_lab.adapters.backend.llama_requests import Asked, Speech, Weighing
from janus_lab.adapters.backend.llama_sampler import open_sampler
from janus_lab.adapters.backend.llama_vocabulary import Vocabulary
from janus_lab.adapters.backend.reply_schema import checked
from janus_lab.adapters.backend.structured.constraint import Constraint
from janus_lab.adapters.backend.structured.constraints import Constraints
from janus_lab.errors import ContextTooLong, UserError
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, ModelInfo, Token, Tool
from janus_lab.values.model import Footprint

_ASK_EVERY_SECONDS = 0.05

Cancelled = Callable[[], bool]


class LlamaBackend:
    """A loaded model. Several threads may ask at once; what they ask is read together."""

    def __init__(self, engine: LlamaEngine, vocabulary: Vocabulary, info: ModelInfo, taken: Footprint) -> None:
        self.info = info
        self._taken = taken
        self._engine = engine
        self._vocabulary = vocabulary
        self._constraints = Constraints(lambda: token_bytes(vocabulary))

    @property
    def ended(self) -> bool:
        """Whether its engine failed as a whole: then nothing can be asked of it any more, and it has to be opened again."""
        return self._engine.ended

    def footprint(self) -> Footprint:
        """The memory that it takes, as llama.cpp said when it was loaded."""
        return self._taken

    def count_tokens(self, messages: tuple[Message, ...], tools: tuple[Tool, ...] = ()) -> int:  # noqa: ARG002 - tools are refused
        """Tokens of the prompt these messages make, chat template included."""
        return len(self._vocabulary.prompt(messages))

    def stream(self, request: GenerationRequest, *, cancelled: Cancelled) -> Iterator[Token]:
        """Generate piece by piece; see `janus_lab.ports.generation`. Raises UserError where tools are offered to the model."""
        if request.tools:
            raise UserError(
                f"{self.info.name} runs in llama.cpp here, which calls no tools",
                remedy="name a model behind an OpenAI-compatible server, or ask without tools",
            )
        prompt = self._vocabulary.prompt(request.messages)
        self._check_room(len(prompt), request.max_tokens)
        constraint = self._constraints.open(request.schema) if request.schema else None
        said = self._speak(prompt, request, constraint, cancelled)
        return checked(said, request.schema) if request.schema else said

    def score(self, messages: tuple[Message, ...], continuations: Sequence[str]) -> list[float]:
        """Mean log-probability of each continuation's tokens, were it what the assistant says next."""
        prompt = self._vocabulary.prompt(messages)
        tokens = [self._vocabulary.plain(text) for text in continuations]
        self._check_room(len(prompt), max(map(len, tokens), default=0))
        weighed = [Weighing(prompt, continuation) if continuation else None for continuation in tokens]
        try:
            for weighing in filter(None, weighed):
                self._engine.ask(weighing)
            return [_result(weighing) if weighing else 0.0 for weighing in weighed]
        finally:
            for weighing in filter(None, weighed):
                self._engine.drop(weighing)

    def close(self) -> None:
        """Wait for the requests that run and give the memory back; what is asked afterwards fails."""
        self._engine.close()
        self._vocabulary.close()

    def _speak(
        self, prompt: list[int], request: GenerationRequest, constraint: Constraint | None, cancelled: Cancelled
    ) -> Iterator[Token]:
        unwanted = cancelled()
        speech = Speech(prompt, request, self._vocabulary, open_sampler(request, constraint), self.info.name)
        if unwanted:
            speech.end()
            yield speech.last(FinishReason.CANCELLED)
            return
        self._engine.ask(speech)
        try:
            yield from _told(speech, cancelled)
        finally:
            self._engine.drop(speech)

    def _check_room(self, prompt: int, wanted: int) -> None:
        if not prompt:
            raise UserError(
                f"there is nothing to be read by {self.info.name}", remedy="ask with a message that says something"
            )
        if prompt + wanted > self.info.context_tokens:
            raise ContextTooLong(
                f"the prompt has {prompt} tokens and {wanted} more are wanted, but the model's window is"
                f" {self.info.context_tokens}",
                remedy="ask with fewer or shorter chunks, or raise context_tokens in janus.toml",
            )


def _told(speech: Speech, cancelled: Cancelled) -> Iterator[Token]:
    """What is said, as it is said; asks now and then whether it is still wanted."""
    while not cancelled():
        try:
            told = speech.told.get(timeout=_ASK_EVERY_SECONDS)
        except Empty:
            continue
        if isinstance(told, BaseException):
            raise told
        yield told
        if told.finish:
            return
    yield speech.last(FinishReason.CANCELLED)


def _result(asked: Asked) -> float:
    told = asked.told.get()
    if isinstance(told, BaseException):
        raise told
    return float(told)
