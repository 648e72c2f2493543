"""Bench runs: how fast a model is on this machine, measured and remembered."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from janus_lab.inference.load_run import loaded, meant
from janus_lab.inference.residency import Residency
from janus_lab.ports.generation import GenerationBackend
from janus_lab.runs.context import RunContext
from janus_lab.scheduler.asker import Asker
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import Somebody, Work, current_work, resting
from janus_lab.values import codec
from janus_lab.values.event import EventKind
from janus_lab.values.generation import GenerationRequest, Message
from janus_lab.values.lease import RAM
from janus_lab.values.model import ModelRecord, ModelTask
from janus_lab.values.model_run import BenchReport, BenchRequest, BenchStream, LoadReport

_TEXTS = 32
_APART = Demand("bench", {RAM: 0})
_WORDS = ("river", "stone", "lantern", "harbour", "winter", "copper", "signal", "garden", "bridge", "engine")

Remember = Callable[[ModelRecord, LoadReport, BenchReport], None]


class BenchService:
    """Carries out bench runs. The result is a `BenchReport`; `remember` keeps its speeds for the next time."""

    def __init__(self, models: Residency, remember: Remember) -> None:
        self._models = models
        self._remember = remember

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Measure the model, loading it first. Raises NotFound, and what the model raises."""
        request = codec.from_json(BenchRequest, context.run.request)
        record = meant(self._models, request.name, request.task)
        context.check_cancelled()
        how = loaded(self._models, record, context)
        report = self._measured(context, record, request, how)
        self._remember(record, how, report)
        context.pin(models={record.name: codec.to_json(report)})
        return codec.to_json(report)

    def _measured(
        self, context: RunContext, record: ModelRecord, request: BenchRequest, how: LoadReport
    ) -> BenchReport:
        match record.task:
            case ModelTask.GENERATION:
                return _Writing(context, self._models, record, request, how).report()
            case ModelTask.EMBEDDING:
                backend = self._models.embedding(record)
                texts = [_text(request.prompt_tokens) for _ in range(_TEXTS)]
                tokens, seconds = sum(backend.count_tokens(texts)), _seconds(lambda: backend.embed(texts))
                return BenchReport(record.name, record.task, round(tokens / seconds, 1), loaded=how)
            case ModelTask.RERANKING:
                reranker = self._models.reranking(record)
                texts = [_text(request.prompt_tokens) for _ in range(_TEXTS)]
                seconds = _seconds(lambda: reranker.rerank(_text(8), texts))
                return BenchReport(record.name, record.task, round(len(texts) / seconds, 1), loaded=how)


class _Writing:
    """Measures a model that writes: no prompt begins like another one, so that nothing is known from before."""

    def __init__(
        self, context: RunContext, models: Residency, record: ModelRecord, request: BenchRequest, how: LoadReport
    ) -> None:
        self._context = context
        self._admission = models.admission
        self._model: GenerationBackend = models.generator(record)
        self._request = request
        self._how = how
        self._prompt = self._fitting_prompt_tokens()

    def report(self) -> BenchReport:
        """Reading by the time to a first token, writing by the time after it; then with several at once."""
        self._one(1)
        first, whole, tokens, prompt = self._one(self._request.reply_tokens)
        found = []
        for done, streams in enumerate(self._request.streams):
            self._context.check_cancelled()
            self._context.emit(
                EventKind.PROGRESS, what=f"{streams} at a time", done=done, total=len(self._request.streams)
            )
            found.append(self._together(streams))
        return BenchReport(
            self._how.name,
            self._how.task,
            round(prompt / first, 1),
            round((tokens - 1) / max(whole - first, 1e-6), 1) if tokens > 1 else 0.0,
            tuple(found),
            prompt,
            tokens,
            self._how,
        )

    def _together(self, streams: int) -> BenchStream:
        work = current_work()
        asker = work.asker if work is not None else Somebody()
        began = time.perf_counter()
        with resting(), ThreadPoolExecutor(streams, thread_name_prefix="janus-bench") as pool:
            asked = [pool.submit(self._apart, asker) for _ in range(streams)]
            told = [one.result() for one in asked]
        seconds = time.perf_counter() - began
        speed = sum(tokens for _, _, tokens, _ in told) / seconds
        return BenchStream(streams, round(statistics.median(first for first, *_ in told), 4), round(speed, 1))

    def _apart(self, asker: Asker) -> tuple[float, float, int, int]:
        """In a thread of its own, as work of its own: one thread takes and gives back a work's leases."""
        work = Work(self._admission, _APART, asker)
        with work.going():
            return self._one(self._request.reply_tokens)

    def _one(self, reply_tokens: int) -> tuple[float, float, int, int]:
        """Seconds to the first piece and in all, tokens written and read."""
        messages = (Message("user", _text(self._prompt)),)
        request = GenerationRequest(messages, reply_tokens, temperature=0.0)
        began = time.perf_counter()
        first, pieces, usage = 0.0, 0, None
        for token in self._model.stream(request, cancelled=self._context.cancelled):
            first = first or time.perf_counter() - began
            pieces += bool(token.text)
            usage = token.usage or usage
        seconds = time.perf_counter() - began
        self._context.require_wanted()
        if usage is not None:
            return first, seconds, usage.reply_tokens, usage.prompt_tokens - usage.cached_tokens
        return first, seconds, pieces, self._model.count_tokens(messages)

    def _fitting_prompt_tokens(self) -> int:
        window = self._model.info.context_tokens
        room = window - self._request.reply_tokens - 64
        return max(8, min(self._request.prompt_tokens, room)) if window else self._request.prompt_tokens


_random = random.Random()  # noqa: S311 - nothing is kept secret by it


def _text(tokens: int) -> str:
    """About so many tokens that nobody has seen: a word and a number take about three."""
    return " ".join(f"{_random.choice(_WORDS)} {_random.randrange(90) + 10}" for _ in range(max(1, tokens // 4)))


def _seconds(call: Callable[[], object]) -> float:
    call()
    began = time.perf_counter()
    call()
    return max(time.perf_counter() - began, 1e-6)
