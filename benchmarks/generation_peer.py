"""The peer of generation_together.py: xllamacpp's server, in a Python that has it. Reads a JSON line for each trial and answers one.

A trial is {"prompts": [[token, ...], ...], "tokens": n, "together": bool}; the answer its seconds, processor seconds, and tokens.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import xllamacpp


def main() -> None:
    order = json.loads(sys.stdin.readline())
    params = xllamacpp.CommonParams()
    params.model.path = order["file"]
    params.n_parallel = order["slots"]
    params.n_ctx = order["cells"]
    params.n_batch = params.n_ubatch = order["batch"]
    params.kv_unified = True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order["threads"]
    params.warmup = True
    params.endpoint_metrics = False
    server = xllamacpp.Server(params)
    tell({"ready": True})
    for line in sys.stdin:
        tell(trial(server, json.loads(line)))


def trial(server: Any, asked: dict[str, Any]) -> dict[str, float]:
    began, busy = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(len(asked["prompts"]) if asked["together"] else 1) as pool:
        written = sum(pool.map(lambda prompt: complete(server, prompt, asked["tokens"]), asked["prompts"]))
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - busy, "tokens": written}


def complete(server: Any, prompt: list[int], tokens: int) -> int:
    request = {"prompt": prompt, "max_tokens": tokens, "temperature": 0.0, "cache_prompt": True, "stream": False}
    answer = server.handle_completions(request)
    if "usage" not in answer:
        raise SystemExit(f"xllamacpp refused: {str(answer)[:300]}")
    return int(answer["usage"]["completion_tokens"])


def tell(answer: dict[str, Any]) -> None:
    print("@" + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
