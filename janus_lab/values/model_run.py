"""Loading and measuring models as runs: what is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from janus_lab.values.model import Footprint, LoadPlan, ModelFiles, ModelOptions, ModelRecord, ModelTask


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Load the model of this name, or, with "", the one in use for the task."""

    name: str = ""
    task: ModelTask = ModelTask.GENERATION


@dataclass(frozen=True, slots=True)
class LoadReport:
    """A model that is loaded. `seconds` is what loading took (of the load that brought it here, if `already` loaded).

    `covered` is what its lease covers and `measured` what its engine says that it takes, both in bytes by resource; a server's
    model has neither. `notes` name every concession.
    """

    name: str
    uri: str
    task: ModelTask
    already: bool
    seconds: float
    context_tokens: int
    dimensions: int
    covered: Mapping[str, int] = field(default_factory=dict)
    measured: Footprint | None = None
    plan: LoadPlan | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """Measure the model of this name, or the one in use for the task: with prompts and replies of so many tokens.

    `streams` are how many requests are made at the same time, one after the other.
    """

    name: str = ""
    task: ModelTask = ModelTask.GENERATION
    prompt_tokens: int = 256
    reply_tokens: int = 48
    streams: tuple[int, ...] = (1, 4)


@dataclass(frozen=True, slots=True)
class BenchStream:
    """Of so many requests at the same time: seconds to the first piece (the median), and reply tokens a second in all.

    The time is that from the first request to the last token: reading the prompts is in it.
    """

    streams: int
    first_seconds: float
    speed: float


@dataclass(frozen=True, slots=True)
class BenchReport:
    """How fast a model is here, in tokens a second; 0 where it was not measured.

    `prompt_speed` is for reading (of a reranker: texts), `generation_speed` for writing in one stream after its first token.
    Each request read `prompt_tokens` and wrote `reply_tokens` (0: not told).
    """

    name: str
    task: ModelTask
    prompt_speed: float = 0.0
    generation_speed: float = 0.0
    streams: tuple[BenchStream, ...] = ()
    prompt_tokens: int = 0
    reply_tokens: int = 0
    loaded: LoadReport | None = None


@dataclass(frozen=True, slots=True)
class ModelPull:
    """Fetch the model at `uri` and make it known under a name ("": its file's). `accept_licence` says that its licence was read."""

    uri: str
    name: str = ""
    task: ModelTask = ModelTask.GENERATION
    options: ModelOptions = field(default_factory=ModelOptions)
    accept_licence: bool = False


@dataclass(frozen=True, slots=True)
class PullReport:
    """A model that is here and known now: its record, at the commit that was fetched, and its files. `seconds` is what it took."""

    record: ModelRecord
    files: ModelFiles
    seconds: float
