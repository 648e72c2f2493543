"""What does an ask through the engine room cost beside the bare model? First token and tokens a second, as a client sees them.

    python benchmarks/ask_latency.py [--rounds 3]

The sample corpus is ingested and its questions are asked; each prompt that was used is then given to llama-cpp-python
directly, on the same prepared file, greedily, with an empty cache. "model" counts from the moment the prompt is ready to the
first token's arrival at the client, so it holds the way through the event stream; "whole ask" counts from the call, so
queue, retrieval and the weighing of evidence are in it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from janus_lab import Lab, open_lab
from janus_lab.adapters.backend.processors import model_threads, rest_while_waiting
from janus_lab.values.event import Event, EventKind

FIRST_TOKEN_TARGET, SPEED_TARGET = 1.15, 0.95
BEFORE_THE_MODEL = ("embed", "retrieve", "fuse", "load", "evidence", "gate", "reopen", "pack")
LEAST_TOKENS = 8
SAMPLES = Path(__file__).parents[1] / "samples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often the whole list is asked")
    arguments = parser.parse_args()
    with (SAMPLES / "questions.jsonl").open(encoding="utf-8") as file:
        questions = [item["question"] for item in map(json.loads, file) if item["answerable"]]
    with TemporaryDirectory(ignore_cleanup_errors=True) as home, open_lab(home) as lab:
        try:
            lab.ingest(SAMPLES / "corpus")
            lab.ask(questions[0])
            measure(lab, questions, arguments.rounds)
        finally:
            lab.down()


def measure(lab: Lab, questions: list[str], rounds: int) -> None:
    """Ask and compare; prints medians over all questions that reached the model."""
    # Both sides rest while they wait for a processor; without it the bare model spins and loses on a busy machine.
    rest_while_waiting()
    from llama_cpp import Llama

    cache = lab.settings.model_cache
    file = max(cache.glob("*.gguf"), key=lambda path: path.stat().st_mtime)
    threads = model_threads(lab.settings.model_threads)
    bare = Llama(
        str(file), n_ctx=lab.settings.context_tokens, n_threads=threads, n_threads_batch=threads, verbose=False
    )
    model, whole, speed = [], [], []
    for _ in range(rounds):
        for question in questions:
            ours = asked(lab, question)
            if ours is None:
                continue
            first, in_model, ours_speed, messages = ours
            direct_first, direct_speed = direct(bare, messages, lab.settings.answer_tokens)
            model.append(in_model / direct_first)
            whole.append(first / direct_first)
            if ours_speed and direct_speed:
                speed.append(ours_speed / direct_speed)
    print(f"{len(model)} asks reached the model")
    told("first token, model", statistics.median(model), f"<= {FIRST_TOKEN_TARGET}")
    told("first token, whole ask", statistics.median(whole), "for information")
    told("tokens per second", statistics.median(speed), f">= {SPEED_TARGET}")


def asked(lab: Lab, question: str) -> tuple[float, float, float | None, list[dict[str, str]]] | None:
    """Seconds to the first token from the call and from the prompt, tokens a second, and the prompt; None without a model."""
    times: list[float] = []
    began = time.perf_counter()

    def note(event: Event) -> None:
        if event.kind is EventKind.TOKEN:
            times.append(time.perf_counter() - began)

    answer = lab.ask(question, on_event=note)
    prompt = lab.run(answer.run_id).manifest.get("prompt")
    if not times or prompt is None:
        return None
    before = sum(answer.timings.get(stage, 0.0) for stage in BEFORE_THE_MODEL)
    messages = [{"role": role, "content": content} for role, content in prompt["messages"]]
    return times[0], times[0] - before, rate(times), messages


def direct(model: Any, messages: list[dict[str, str]], limit: int) -> tuple[float, float | None]:
    """The same with `create_chat_completion`, streamed."""
    model.reset()
    began = time.perf_counter()
    times = [
        time.perf_counter() - began
        for piece in model.create_chat_completion(messages, max_tokens=limit, temperature=0.0, stream=True)
        if piece["choices"][0]["delta"].get("content")
    ]
    return times[0], rate(times)


def rate(times: list[float]) -> float | None:
    """Tokens a second after the first; None where there are too few to tell."""
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) >= LEAST_TOKENS else None


def told(name: str, ratio: float, target: str) -> None:
    print(f"{name}: ratio {ratio:.3f} to llama-cpp-python ({target})")


if __name__ == "__main__":
    main()
