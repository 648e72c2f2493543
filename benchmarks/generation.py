"""What do we add to llama.cpp? Time to first token and tokens per second, against llama-cpp-python called directly.

    python benchmarks/generation.py [--turns 5] [--context context.txt]

Both sides load the same prepared file, read the very same prompt tokens, choose greedily and write the same number of
tokens. They take turns, each prompt fresh (no prefix kept), and the median of the turns' ratios counts, by the clock and by
processor seconds. Then the time to the first token of a second question on a context, and of questions on four contexts in
turn, beside the first one. `generation_together.py` measures several requests at once.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_lab.adapters.backend.llama_backend import LlamaBackend
from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.backend.processors import model_threads
from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.generation import GenerationRequest, Message
from janus_lab.values.model import LoadPlan, ModelRecord, ModelTask

WRITTEN = 48
TARGET, AGAIN_TARGET, IN_TURN_TARGET = 0.97, 0.2, 0.4
CONTEXT = "The keeper of the tower counted ships, lamps and gulls, and wrote each number into a book. " * 24


@dataclass(frozen=True, slots=True)
class Said:
    """Seconds to the first token and for each one after it, by the clock and of the processor."""

    first: float
    each: float
    first_cpu: float
    each_cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--context", type=Path, help="a text for the prompt; a made-up one without it")
    options = parser.parse_args()
    settings = load_settings("/nowhere", model_cache=load_settings().model_cache)
    record = ModelRecord("generation", ModelTask.GENERATION, settings.generation_model)
    order = load_order(settings, Catalog(settings.model_cache), record, LoadPlan(cells=8192, sequences=4))
    context = options.context.read_text(encoding="utf-8")[:2400] if options.context else CONTEXT
    with open_llama(order) as ours:
        file = next(settings.model_cache.glob(f"{order.info.content_hash[:32]}-*.gguf"), order.file)
        beside_direct(ours, direct(file, ours.info.context_tokens), context, options.turns)
        again(ours, context, options.turns)
        in_turn(ours, context, options.turns)


def direct(file: Path, context_tokens: int) -> Any:
    from llama_cpp import Llama

    threads = model_threads(0)
    return Llama(str(file), n_ctx=context_tokens, n_threads=threads, n_threads_batch=threads, verbose=False)


def beside_direct(ours: LlamaBackend, theirs: Any, context: str, turns: int) -> None:
    mine, other = [], []
    for turn in range(turns + 1):
        messages = (Message("user", f"Note {turn}. {context}\nWrite a long story about the keeper."),)
        prompt = ours._vocabulary.prompt(messages)  # noqa: SLF001 (both sides get these very tokens)
        sides = [run_ours(ours, messages), run_direct(theirs, prompt)]
        if turn:  # the first turn warms both up
            mine.append(sides[0])
            other.append(sides[1])
    print(f"{len(prompt)} prompt tokens, {WRITTEN} written, {model_threads(0)} threads")
    for name, taken in (("time to first token", "first"), ("tokens per second", "each")):
        clock, cpu = (
            statistics.median(getattr(b, field) / getattr(a, field) for a, b in zip(mine, other, strict=True))
            for field in (taken, f"{taken}_cpu")
        )
        told(f"{name}, beside llama-cpp-python", clock, cpu, TARGET, reached=max(clock, cpu) >= TARGET)


def again(ours: LlamaBackend, context: str, turns: int) -> None:
    """The second question on a context."""
    ratios = []
    for turn in range(turns):
        first, second = (
            run_ours(ours, (Message("user", f"Page {turn}. {context}\n{question}"),), 2)
            for question in ("What did the keeper count?", "Where did the keeper write it?")
        )
        ratios.append((second.first / first.first, second.first_cpu / first.first_cpu))
    at_most("a second question's first token, beside the first's", ratios, AGAIN_TARGET)


def in_turn(ours: LlamaBackend, context: str, turns: int) -> None:
    """Questions on four contexts, one after the other."""
    ratios = []
    chats = [f"Tower {number}. {context}\n" for number in range(4)]
    fresh = [run_ours(ours, (Message("user", chat + "What is it?"),), 2) for chat in chats]
    for turn in range(turns):
        for first, chat in zip(fresh, chats, strict=True):
            later = run_ours(ours, (Message("user", f"{chat}Where is number {turn}?"),), 2)
            ratios.append((later.first / first.first, later.first_cpu / first.first_cpu))
    at_most("four contexts in turn, beside each one's first", ratios, IN_TURN_TARGET)


def at_most(name: str, ratios: list[tuple[float, float]], target: float) -> None:
    clock, cpu = (statistics.median(values) for values in zip(*ratios, strict=True))
    told(name, clock, cpu, target, reached=min(clock, cpu) <= target)


def told(name: str, clock: float, cpu: float, target: float, *, reached: bool) -> None:
    print(
        f"{name}: {clock:.3f}× by the clock, {cpu:.3f}× by processor seconds, of {target}×: "
        + ("reached" if reached else "MISSED")
    )


def run_ours(model: LlamaBackend, messages: tuple[Message, ...], tokens: int = WRITTEN) -> Said:
    stream = model.stream(GenerationRequest(messages, tokens), cancelled=lambda: False)
    return timed(token.text for token in stream)


def run_direct(model: Any, prompt: list[int]) -> Said:
    """The same with `create_completion`, streamed."""
    stream = model.create_completion(prompt, max_tokens=WRITTEN, temperature=0.0, repeat_penalty=1.0, stream=True)
    return timed(piece["choices"][0]["text"] for piece in stream)


def timed(texts: Iterable[str]) -> Said:
    began, busy = time.perf_counter(), time.process_time()
    times = [(time.perf_counter() - began, time.process_time() - busy) for text in texts if text]
    (first, first_cpu), (last, last_cpu), after = times[0], times[-1], max(1, len(times) - 1)
    return Said(first, (last - first) / after, first_cpu, (last_cpu - first_cpu) / after)


if __name__ == "__main__":
    main()
