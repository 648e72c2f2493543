"""How fast models are, as plain text."""

from __future__ import annotations

from janus_lab.values.model import ModelTask
from janus_lab.values.model_run import BenchReport, BenchStream
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

BENCH_HEADER = ("requests at a time", "first piece after", "written, with reading")


def speeds(task: ModelTask, prompt: float, reply: float) -> str:
    """How fast a model reads and writes: "reads 312 tokens/s, writes 42.0 tokens/s"; a reranker is measured in texts."""
    if task is ModelTask.RERANKING:
        return f"ranks {prompt:,.1f} texts/s"
    return f"reads {prompt:,.0f} tokens/s" + (f", writes {reply:,.1f} tokens/s" if reply else "")


def bench(value: BenchReport) -> str:
    """Speeds, and how they grow with several requests at a time."""
    parts = [bench_head(value)]
    if value.streams:
        parts.append(table(BENCH_HEADER, [bench_cells(one) for one in value.streams]))
        parts.append(bench_foot(value))
    return "\n\n".join(parts)


def bench_head(value: BenchReport) -> str:
    """Reading and writing told apart, of one request."""
    return f"{one_line(value.name, 80)} {speeds(value.task, value.prompt_speed, value.generation_speed)}"


def bench_cells(value: BenchStream) -> tuple[str, str, str]:
    """One number of requests at a time in columns."""
    return f"{value.streams}", duration(value.first_seconds), f"{value.speed:,.1f} tokens/s"


def bench_foot(value: BenchReport) -> str:
    """What each request was, and what the table's speeds hold."""
    each = f"Each request reads {value.prompt_tokens:,} tokens that are new to the model and writes {value.reply_tokens:,}; "
    return f"{each * bool(value.prompt_tokens)}the time for reading is in these figures, and not in the one above."
