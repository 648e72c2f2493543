"""How much memory the stack's servers should have where they share a machine with Janus: variables of compose.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from janus_lab.resources.advice import Power
from janus_lab.values.hardware import Advice, Inventory

DEFAULTS: Mapping[str, int] = {
    "JANUS_POSTGRES_BUFFERS_MB": 256,
    "JANUS_POSTGRES_CACHE_MB": 768,
    "JANUS_POSTGRES_LIMIT_MB": 1536,
    "JANUS_REDIS_DATA_MB": 512,
    "JANUS_REDIS_LIMIT_MB": 1024,
    "JANUS_NEO4J_HEAP_MB": 1024,
    "JANUS_NEO4J_PAGES_MB": 512,
    "JANUS_NEO4J_TRANSACTIONS_MB": 700,
    "JANUS_NEO4J_LIMIT_MB": 2560,
    "JANUS_QDRANT_LIMIT_MB": 2048,
    "JANUS_WORKER_LIMIT_MB": 4096,
    "JANUS_WORKER_CPUS": 2,
}
"""What compose.yaml takes where `.env` says nothing."""
_OTHERS_MB = 2000
"""RabbitMQ and MinIO, whose limits do not change."""


def server_advice(inventory: Inventory, written: Mapping[str, str]) -> Iterator[Advice]:
    """The variables; `written` are those that `.env` holds now."""
    for name, value, reason in _lines(Power.of(inventory)):
        now = written.get(name, "")
        yield Advice(name, value, int(now) if now.isdecimal() else DEFAULTS[name], reason)


def servers_limit_mb(advised: Mapping[str, int]) -> int:
    """What all servers and one worker may take together."""
    return _OTHERS_MB + sum(value for name, value in advised.items() if name.endswith("_LIMIT_MB"))


def _lines(power: Power) -> Iterator[tuple[str, int, str]]:
    ram = power.ram_mb
    buffers = _between(128, ram // 32, 8000)
    yield "JANUS_POSTGRES_BUFFERS_MB", buffers, "a 32nd of the machine's memory for PostgreSQL's own pages"
    yield (
        "JANUS_POSTGRES_CACHE_MB",
        3 * buffers,
        "what PostgreSQL's planner takes for cached, the system's pages included",
    )
    yield "JANUS_POSTGRES_LIMIT_MB", 6 * buffers, "its pages, and room for 200 connections"
    redis = _between(128, ram // 32, 4000)
    yield "JANUS_REDIS_DATA_MB", redis, "a 32nd; full, Redis refuses writes and forgets nothing"
    yield "JANUS_REDIS_LIMIT_MB", 2 * redis, "twice its data: a rewrite of its file may copy every page"
    heap, pages = _between(512, ram // 16, 8000), _between(256, ram // 32, 16000)
    yield "JANUS_NEO4J_HEAP_MB", heap, "a 16th for Neo4j's queries"
    yield "JANUS_NEO4J_PAGES_MB", pages, "a 32nd for the graph's pages"
    yield "JANUS_NEO4J_TRANSACTIONS_MB", heap * 7 // 10, "seven tenths of the heap: one query can't take all of it"
    yield (
        "JANUS_NEO4J_LIMIT_MB",
        (heap + pages) * 4 // 3 + 512,
        "heap and pages, a third more, and half a GiB of Java's own",
    )
    yield "JANUS_QDRANT_LIMIT_MB", _between(1000, ram // 8, 64000), "an eighth for vectors and their index"
    yield "JANUS_WORKER_LIMIT_MB", _between(2000, ram // 4, 32000), "a quarter for each worker, its models included"
    yield "JANUS_WORKER_CPUS", max(1, power.slots // 2), "half of the processors for each worker"


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))
