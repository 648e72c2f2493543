"""Which adapter a URL's scheme chooses: one plain table a port, everything on one page, every driver loaded at first use."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from janus_lab.errors import MissingPackage, UnknownScheme
from janus_lab.values.health import Check

_ADAPTERS = "janus_lab.adapters."


@dataclass(frozen=True, slots=True)
class Row:
    """An adapter's `module:factory`, below `janus_lab.adapters`, and what to install for it."""

    factory: str
    install: str = "janus-lab"


Table = Mapping[str, Row]

STACK = "'janus-lab[stack]'"
"""What brings the drivers of servers."""


def _postgresql(factory: str) -> Table:
    """A row for each way to write the scheme."""
    row = Row(factory, STACK)
    return {"postgresql": row, "postgresql+psycopg": row}


LEDGER: Table = {"sqlite": Row("relational.ledger:open_ledger"), **_postgresql("relational.ledger:open_ledger")}
EMBEDDING_CACHE: Table = {
    "sqlite": Row("relational.embedding_cache:open_embedding_cache"),
    **_postgresql("relational.embedding_cache:open_embedding_cache"),
}
SOURCES: Table = {
    "sqlite": Row("relational.source_index:open_source_index"),
    **_postgresql("relational.source_index:open_source_index"),
}
MODEL_REGISTRY: Table = {
    "sqlite": Row("relational.model_registry:open_model_registry"),
    **_postgresql("relational.model_registry:open_model_registry"),
    "memory": Row("models.memory:open_model_registry"),
}
MEASUREMENTS: Table = {
    "sqlite": Row("relational.measurements:open_measurements"),
    **_postgresql("relational.measurements:open_measurements"),
    "memory": Row("models.memory:open_measurements"),
}
EXCLUSION: Table = {
    "sqlite": Row("exclusion.threads:open_exclusion"),
    **_postgresql("relational.exclusion:open_exclusion"),
}
DOCUMENTS: Table = {"sqlite": Row("documents.store:open_documents"), **_postgresql("documents.store:open_documents")}
OBJECTS: Table = {"file": Row("objects.files:open_objects"), "s3": Row("objects.minio:open_objects", STACK)}
VECTORS: Table = {"edge": Row("vector.edge:open_vectors"), "qdrant": Row("vector.server.store:open_vectors", STACK)}
INDEX_NOTES: Table = {
    "edge": Row("vector.index_notes:open_index_notes"),
    "qdrant": Row("vector.server.index_notes:open_index_notes", STACK),
}
EVENTS: Table = {
    "unix": Row("events.redis:open_events"),
    "redis": Row("events.redis:open_events"),
    "rediss": Row("events.redis:open_events"),
    "memory": Row("events.memory:open_events"),
}
CLAIMS: Table = {
    "unix": Row("claims.redis:open_claims"),
    "redis": Row("claims.redis:open_claims"),
    "rediss": Row("claims.redis:open_claims"),
    "memory": Row("claims.memory:open_claims"),
}
STEPS: Table = {
    "unix": Row("steps.redis:open_steps"),
    "redis": Row("steps.redis:open_steps"),
    "rediss": Row("steps.redis:open_steps"),
    "memory": Row("steps.memory:open_steps"),
}
SAMPLES: Table = {
    "unix": Row("samples.redis:open_samples"),
    "redis": Row("samples.redis:open_samples"),
    "rediss": Row("samples.redis:open_samples"),
    "memory": Row("samples.memory:open_samples"),
}
THROTTLE: Table = {
    "unix": Row("throttle.redis:open_throttle"),
    "redis": Row("throttle.redis:open_throttle"),
    "rediss": Row("throttle.redis:open_throttle"),
    "memory": Row("throttle.memory:open_throttle"),
}
AGENT_STATES: Table = {
    "unix": Row("agent_states.redis:open_agent_states"),
    "redis": Row("agent_states.redis:open_agent_states"),
    "rediss": Row("agent_states.redis:open_agent_states"),
    "memory": Row("agent_states.memory:open_agent_states"),
}
PROBE: Table = {"local": Row("probe.local:open_probe"), "inventory": Row("probe.inventory:open_probe")}
LEASES: Table = {
    "unix": Row("leases.redis:open_leases"),
    "redis": Row("leases.redis:open_leases"),
    "rediss": Row("leases.redis:open_leases"),
    "memory": Row("leases.memory:open_leases"),
}
QUEUE: Table = {
    "unix": Row("queue.dramatiq_redis:open_queue"),
    "redis": Row("queue.dramatiq_redis:open_queue"),
    "rediss": Row("queue.dramatiq_redis:open_queue"),
    "amqp": Row("queue.dramatiq_rabbitmq:open_queue", STACK),
    "amqps": Row("queue.dramatiq_rabbitmq:open_queue", STACK),
}
DEAD_LETTERS: Table = {
    "unix": Row("queue.redis_dead_letters:open_dead_letters"),
    "redis": Row("queue.redis_dead_letters:open_dead_letters"),
    "rediss": Row("queue.redis_dead_letters:open_dead_letters"),
    "amqp": Row("queue.rabbitmq_dead_letters:open_dead_letters", STACK),
    "amqps": Row("queue.rabbitmq_dead_letters:open_dead_letters", STACK),
}
KEYSPACE: Table = {
    "unix": Row("keyspace.redis:open_keyspace"),
    "redis": Row("keyspace.redis:open_keyspace"),
    "rediss": Row("keyspace.redis:open_keyspace"),
    "memory": Row("keyspace.memory:open_keyspace"),
}
_NEO4J = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
GRAPH: Table = {
    "sqlite": Row("graph.embedded:open_graph"),
    **dict.fromkeys(_NEO4J, Row("graph.neo4j:open_graph", STACK)),
}
STARTER = "'janus-lab[starter]'"
EMBEDDING: Table = {
    "hf": Row("backend.embedding_files:open_embedding", STARTER),
    "package": Row("backend.embedding_files:open_embedding", STARTER),
    "file": Row("backend.embedding_files:open_embedding", STARTER),
    "http": Row("backend.openai_embedding:open_embedding", STARTER),
    "https": Row("backend.openai_embedding:open_embedding", STARTER),
    "llama-server": Row("backend.managed_backends:open_managed_embedding", STARTER),
    "vllm": Row("backend.managed_backends:open_managed_embedding", STARTER),
}
GENERATION: Table = {
    "hf": Row("backend.llama_cpp:open_llama", STARTER),
    "package": Row("backend.llama_cpp:open_llama", STARTER),
    "file": Row("backend.llama_cpp:open_llama", STARTER),
    "http": Row("backend.openai_generation:open_generation", STARTER),
    "https": Row("backend.openai_generation:open_generation", STARTER),
    "llama-server": Row("backend.managed_backends:open_managed_generation", STARTER),
    "vllm": Row("backend.managed_backends:open_managed_generation", STARTER),
}
RERANKING: Table = {
    "hf": Row("backend.reranking_files:open_reranking", STARTER),
    "package": Row("backend.reranking_files:open_reranking", STARTER),
    "file": Row("backend.reranking_files:open_reranking", STARTER),
    "http": Row("backend.openai_reranking:open_reranking", STARTER),
    "https": Row("backend.openai_reranking:open_reranking", STARTER),
    "llama-server": Row("backend.managed_backends:open_managed_reranking", STARTER),
    "vllm": Row("backend.managed_backends:open_managed_reranking", STARTER),
}
HUB: Table = {
    "https": Row("hub.huggingface:open_hub", STARTER),
    "http": Row("hub.huggingface:open_hub", STARTER),
}
SERVER: Table = {
    "amqp": Row("queue.rabbitmq_checks:checks", STACK),
    "amqps": Row("queue.rabbitmq_checks:checks", STACK),
    "redis": Row("redis.checks:checks"),
    "rediss": Row("redis.checks:checks"),
    "unix": Row("redis.checks:checks"),
    **_postgresql("relational.server_checks:checks"),
    "s3": Row("objects.minio_checks:checks", STACK),
    "qdrant": Row("vector.server.checks:checks", STACK),
    **dict.fromkeys(_NEO4J, Row("graph.neo4j_checks:checks", STACK)),
}
"""What `janus doctor` asks a server, as `checks(url) -> Iterator[Check]`, each told once it is known; no adapter, so not among the tables."""

TABLES: Mapping[str, Table] = {
    "ledger": LEDGER,
    "embedding cache": EMBEDDING_CACHE,
    "sources": SOURCES,
    "model registry": MODEL_REGISTRY,
    "measurements": MEASUREMENTS,
    "exclusion": EXCLUSION,
    "documents": DOCUMENTS,
    "objects": OBJECTS,
    "vectors": VECTORS,
    "index notes": INDEX_NOTES,
    "events": EVENTS,
    "claims": CLAIMS,
    "leases": LEASES,
    "steps": STEPS,
    "throttle": THROTTLE,
    "agent states": AGENT_STATES,
    "samples": SAMPLES,
    "probe": PROBE,
    "queue": QUEUE,
    "dead letters": DEAD_LETTERS,
    "keyspace": KEYSPACE,
    "graph": GRAPH,
    "embedding": EMBEDDING,
    "generation": GENERATION,
    "reranking": RERANKING,
    "hub": HUB,
}


def factory(port: str, url: str) -> Any:
    """The function that opens the adapter of `port` for this URL. Raises UnknownScheme or MissingPackage."""
    return _loaded(port, TABLES[port], url)


def server_checks(url: str) -> Callable[[str], Iterator[Check]]:
    """The function that asks the server at `url` what it says of itself. Raises UnknownScheme or MissingPackage."""
    found: Callable[[str], Iterator[Check]] = _loaded("server", SERVER, url)
    return found


def _loaded(port: str, table: Table, url: str) -> Any:
    scheme = url.partition(":")[0]
    row = table.get(scheme)
    if row is None:
        known = ", ".join(f"{name}://" for name in sorted(table))
        raise UnknownScheme(
            f"there is no {port} adapter for {scheme}:// yet", remedy=f"use one of: {known} (see janus.toml)"
        )
    module, _, name = row.factory.partition(":")
    try:
        return getattr(importlib.import_module(_ADAPTERS + module), name)
    except ModuleNotFoundError as error:
        raise MissingPackage(
            f"the {port} adapter for {scheme}:// needs the package {error.name}", remedy=f"pip install {row.install}"
        ) from error
