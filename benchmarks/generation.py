"""What do we add to llama.cpp? Time to first token and tokens per second, against llama-cpp-python called directly.

    python benchmarks/generation.py [--turns 5] [--context context.txt]

Both sides load the same prepared file, read the very same prompt tokens, choose greedily and write the same number of
tokens. They take turns, each prompt fresh (no prefix kept), and the median of the turns' ratios counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from janus_lab.adapters.backend.llama_cpp import LlamaBackend, open_llama
from janus_lab.adapters.backend.processors import model_threads
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.generation import GenerationRequest, Message

WRITTEN = 48
FIRST_TOKEN_TARGET, SPEED_TARGET = 1.15, 0.95
CONTEXT = "The keeper of the tower counted ships, lamps and gulls, and wrote each number into a book. " * 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--context", type=Path, help="a text for the prompt; a made-up one without it")
    options = parser.parse_args()
    settings = load_settings()
    entry = Catalog(settings.model_cache).find(settings.generation_model)
    context = options.context.read_text(encoding="utf-8")[:2400] if options.context else CONTEXT
    with open_llama(entry.path, entry.info, cache=settings.model_cache) as ours:
        file = next(settings.model_cache.glob(f"{entry.info.content_hash[:32]}-*.gguf"), entry.path)
        report(ours, direct(file, ours.info.context_tokens), context, options.turns)


def direct(file: Path, context_tokens: int) -> Any:
    from llama_cpp import Llama

    threads = model_threads(0)
    return Llama(str(file), n_ctx=context_tokens, n_threads=threads, n_threads_batch=threads, verbose=False)


def report(ours: LlamaBackend, theirs: Any, context: str, turns: int) -> None:
    first, speed = [], []
    for turn in range(turns + 1):
        messages = (Message("user", f"Note {turn}. {context}\nWrite a long story about the keeper."),)
        prompt = ours._vocabulary.prompt(messages)  # noqa: SLF001 (both sides get these very tokens)
        mine, other = run_ours(ours, messages), run_direct(theirs, prompt)
        if turn:  # the first turn warms both up
            first.append(mine[0] / other[0])
            speed.append(mine[1] / other[1])
            print(f"turn {turn}: ours {mine[0]:.3f} s, {mine[1]:.1f} tokens/s; direct {other[0]:.3f} s, {other[1]:.1f}")
    again = run_ours(ours, messages)[0]
    print(f"{len(prompt)} prompt tokens, {WRITTEN} written; the same prompt again: {again:.3f} s to the first token")
    told("time to first token", statistics.median(first), reached=statistics.median(first) <= FIRST_TOKEN_TARGET)
    told("tokens per second", statistics.median(speed), reached=statistics.median(speed) >= SPEED_TARGET)


def told(name: str, ratio: float, *, reached: bool) -> None:
    print(f"{name}: ratio {ratio:.3f} to llama-cpp-python: {'reached' if reached else 'MISSED'}")


def run_ours(model: LlamaBackend, messages: tuple[Message, ...]) -> tuple[float, float]:
    """Seconds to the first token, and tokens a second after it."""
    began = time.perf_counter()
    times = [
        time.perf_counter() - began
        for token in model.stream(GenerationRequest(messages, WRITTEN), cancelled=lambda: False)
        if token.text
    ]
    return times[0], (len(times) - 1) / (times[-1] - times[0])


def run_direct(model: Any, prompt: list[int]) -> tuple[float, float]:
    """The same with `create_completion`, streamed."""
    began = time.perf_counter()
    stream = model.create_completion(prompt, max_tokens=WRITTEN, temperature=0.0, repeat_penalty=1.0, stream=True)
    times = [time.perf_counter() - began for piece in stream if piece["choices"][0]["text"]]
    return times[0], (len(times) - 1) / (times[-1] - times[0])


if __name__ == "__main__":
    main()
