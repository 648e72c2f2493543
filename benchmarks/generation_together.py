"""What do several requests gain by being served together? Against one after another, and against another server of llama.cpp.

    python benchmarks/generation_together.py [--turns 3] [--peer PYTHON] [--only WORD]

`--peer` is a Python that has xllamacpp (`uv venv X; uv pip install --python X/bin/python xllamacpp`), which gets the same file,
threads, cells, batches and prompts, and as many slots. Everybody takes turns, each prompt is fresh in each turn, greedy, and
the median of the turns' ratios counts, by the clock and by processor seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_lab.adapters.backend.llama_backend import LlamaBackend
from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.backend.processors import AT_REST, model_threads
from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.generation import GenerationRequest, Message
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import LoadPlan, ModelRecord, ModelTask

SENTENCE = "The keeper of the tower counted ships, lamps and gulls, and wrote each number into a book. "
SLOTS, CELLS, BATCH = 8, 8192, 512
Chats = list[tuple[Message, ...]]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a trial took, and how many tokens it wrote."""

    seconds: float
    cpu: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Case:
    """Some requests, together; what they are beside, and what is to be reached."""

    name: str
    chats: Callable[[int], Chats]
    tokens: int
    target: float
    alone: int
    """How many of them are run one after another for comparison."""


def shared(turn: int) -> Chats:
    context = f"Note {turn}. " + SENTENCE * 24
    return [(Message("user", f"{context}\nWrite a long story, number {n}, about the keeper."),) for n in range(4)]


def unique(turn: int) -> Chats:
    return [
        (Message("user", f"Note {turn} of {n}. {SENTENCE * 24}\nWrite a long story about the keeper."),)
        for n in range(4)
    ]


def decoding(turn: int) -> Chats:
    return [(Message("user", f"{n} {turn}: write a very long story about the sea."),) for n in range(8)]


CASES = (
    Case("4 with a shared prefix, beside serially", shared, 48, 1.3, 4),
    Case("4 unique prompts, beside serially", unique, 48, 0.95, 4),
    Case("8 that speak, beside one", decoding, 96, 1.7, 1),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--peer", type=Path, help="a Python that has xllamacpp")
    parser.add_argument("--only", default="", help="only cases with this word in their name")
    options = parser.parse_args()
    settings = load_settings("/nowhere", model_cache=load_settings().model_cache)
    record = ModelRecord("generation", ModelTask.GENERATION, settings.generation_model)
    plan = LoadPlan(context_tokens=2048, cells=CELLS, sequences=SLOTS, batch_tokens=BATCH)
    order = load_order(settings, Catalog(settings.model_cache), record, plan)
    with open_llama(order) as ours, peer(options.peer, file_of(order), ours._vocabulary.prompt) as theirs:  # noqa: SLF001
        for case in CASES:
            if options.only in case.name:
                report(case, ours, theirs, options.turns)


def file_of(order: LoadOrder) -> Path:
    """The file that is really loaded."""
    return next(order.cache.glob(f"{order.info.content_hash[:32]}-*.gguf"), order.file)


def report(case: Case, ours: LlamaBackend, theirs: Any, turns: int) -> None:
    gains: list[Spent] = []
    beside: list[Spent] = []
    others: list[Spent] = []
    for turn in range(turns + 1):  # the first turn warms up
        together = run(ours, case.chats(3 * turn), case.tokens, together=True)
        alone = run(ours, case.chats(3 * turn + 1)[: case.alone], case.tokens, together=False)
        other = theirs(case.chats(3 * turn + 2), case.tokens) if theirs else together
        if turn:
            gains.append(together)
            beside.append(alone)
            others.append(other)
    print(f"{case.name}: ", end="")
    told("", gains, beside, case.target)
    if theirs:
        told("    beside xllamacpp", gains, others, 1.0)


def told(name: str, ours: list[Spent], other: list[Spent], target: float) -> None:
    clock = statistics.median((a.tokens / a.seconds) / (b.tokens / b.seconds) for a, b in zip(ours, other, strict=True))
    cpu = statistics.median((a.tokens / a.cpu) / (b.tokens / b.cpu) for a, b in zip(ours, other, strict=True))
    reached = "reached" if clock >= target else "MISSED"
    best = max(ours, key=lambda s: s.tokens / s.seconds)
    print(
        f"{name} {clock:.2f}× by the clock, {cpu:.2f}× by processor seconds, of {target}×: {reached}"
        f" ({best.tokens} tokens in {best.seconds:.2f} s)"
    )


def run(model: LlamaBackend, chats: Chats, tokens: int, *, together: bool) -> Spent:
    began, busy = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(len(chats) if together else 1) as pool:
        written = sum(pool.map(lambda chat: write(model, chat, tokens), chats))
    return Spent(time.perf_counter() - began, time.process_time() - busy, written)


def write(model: LlamaBackend, chat: tuple[Message, ...], tokens: int) -> int:
    *_, last = model.stream(GenerationRequest(chat, tokens), cancelled=lambda: False)
    assert last.usage is not None
    return last.usage.reply_tokens


@contextmanager
def peer(python: Path | None, file: Path, tokens: Callable[[tuple[Message, ...]], list[int]]) -> Iterator[Any]:
    """What runs a trial with xllamacpp in a process of its own; None without it."""
    if python is None:
        yield None
        return
    program = str(Path(__file__).with_name("generation_peer.py"))
    quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
    # Its threads wait as they do by default, not as ours do.
    own = {name: value for name, value in os.environ.items() if name not in AT_REST}
    with subprocess.Popen([str(python), program], stdin=pipe, stdout=pipe, stderr=quiet, text=True, env=own) as process:
        order = {"file": str(file), "slots": SLOTS, "cells": CELLS, "batch": BATCH, "threads": model_threads(0)}
        exchange(process, order)
        try:
            yield lambda chats, wanted: Spent(
                **exchange(process, {"prompts": [tokens(c) for c in chats], "tokens": wanted, "together": True})
            )
        finally:
            process.kill()


def exchange(process: Any, asked: dict[str, Any]) -> dict[str, Any]:
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith("@"):
            answer: dict[str, Any] = json.loads(line[1:])
            return answer
    raise SystemExit("the peer ended")


if __name__ == "__main__":
    main()
