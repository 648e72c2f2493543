"""Settings from all the places that may give some."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from janus_lab.errors import SettingsError
from janus_lab.settings.placeholders import Placeholders
from janus_lab.settings.places import find_home, settings_folders
from janus_lab.settings.profiles import EMBEDDED, TABLES, SettingsFile, check_profile, read_files
from janus_lab.settings.settings import Settings, is_url
from janus_lab.settings.variables import settings_from
from janus_lab.values.path import user_path

_LEAST: Mapping[str, float] = {
    "chunk_overlap_characters": 0,
    "model_threads": 0,
    "idle_seconds": 0,
    "model_idle_seconds": 0,
    "fetch_per_second": 0.001,
    "redis_memory_mb": 0,
    "lease_ram_mb": 0,
    "lease_vram_mb": 0,
    "lease_cpu_slots": 0,
    "ram_headroom_mb": 0,
    "vram_headroom_mb": 0,
    "sample_seconds": 0.1,
}
"""The smallest value of a number that may be less than 1."""

_WORDS: Mapping[str, bool] = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

Layer = tuple[str, Mapping[str, Any]]
"""Where settings come from, for errors, and the settings."""


def load_settings(
    home: str | Path | None = None, *, environment: Mapping[str, str] | None = None, **overrides: Any
) -> Settings:
    """Settings from defaults, `janus.toml`, its table of the chosen profile, the environment and `overrides`, in that order.

    Raises SettingsError.
    """
    variables = os.environ if environment is None else environment
    chosen = user_path(home).absolute() if home is not None else find_home(environment=variables)
    files = read_files(chosen)
    given: list[Layer] = [("the environment", settings_from(variables)), ("the call", overrides)]
    profile = _profile([*((str(file.path), file.always) for file in files), *given])
    settings = Settings(home=chosen, model_cache=_default_cache())
    sources: dict[str, str] = {}
    for source, values in [*_layers(files, profile), *given]:
        settings = _apply(settings, values, source)
        sources |= dict.fromkeys(values, source)
    check_profile(settings, files)
    return _filled(settings, sources, Placeholders(variables, settings_folders(chosen)))


def _profile(layers: Iterable[Layer]) -> str:
    """The name of the profile that counts: the last that is given."""
    name = EMBEDDED
    for source, values in layers:
        if "profile" in values:
            name = values["profile"]
            if not isinstance(name, str):
                raise SettingsError(f"{source} sets profile to {name!r}", remedy="give profile a name in quotes")
    return name


def _layers(files: list[SettingsFile], profile: str) -> Iterable[Layer]:
    for file in files:
        yield str(file.path), file.always
    for file in files:
        source = f"[{TABLES}.{profile}] in {file.path}"
        if "profile" in (table := file.profiles.get(profile, {})):
            raise SettingsError(f"{source} sets profile", remedy="put `profile = …` above every table")
        yield source, table


def _filled(settings: Settings, sources: Mapping[str, str], placeholders: Placeholders) -> Settings:
    filled: dict[str, Any] = {
        name: placeholders.fill(url, setting=name, source=source)
        for name, source in sources.items()
        if is_url(name) and "${" in (url := getattr(settings, name))
    }
    return replace(settings, **filled)


def _default_cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("janus-lab", appauthor=False)) / "models"


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
            # A URL of the wrong kind may still hold a password.
            told = "something" if is_url(name) else repr(value)
            like = settings.shown(name) if is_url(name) else str(getattr(settings, name))
            raise SettingsError(
                f"{source} sets {name} to {told}: {error}", remedy=f"give {name} a value like {like!r}"
            ) from (None if is_url(name) else error)
    return replace(settings, **changes)


def _checked(name: str, value: Any, kind: type[Any]) -> Any:
    """The value as its setting's kind. Raises TypeError or ValueError for one that means nothing."""
    if kind is bool:
        return _truth(value)
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


def _truth(value: Any) -> bool:
    """True or false, as TOML writes it or as a word, which is all that an environment has."""
    word = str(value).lower()
    if word not in _WORDS:
        raise ValueError("it must be true or false")
    return _WORDS[word]
