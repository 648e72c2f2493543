"""What stays the same from one verb to the next: the data directory, the profile, the collection, and the open lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_lab.errors import JanusError
from janus_lab.settings import Settings, load_settings
from janus_lab.values.path import user_path

if TYPE_CHECKING:
    from janus_lab.lab import Lab
    from janus_lab.lab.hardware import Hardware
    from janus_lab.values.health import HealthReport


@dataclass(frozen=True, slots=True)
class Using:
    """What the session uses now; `open` says whether a lab has been needed so far.

    `servers` are the URLs of the profile's servers by setting, without user and password.
    """

    home: str
    profile: str
    collection: str
    open: bool
    servers: Mapping[str, str] = field(default_factory=dict)


class Session:
    """One lab a session, opened at its first use and closed with it. `announce` is told one line when the engine room starts.

    `collections` and `models` are the names that were known last, for completion: it never asks an engine.
    """

    def __init__(self, *, announce: Callable[[str], None], home: str | Path | None = None, **overrides: Any) -> None:
        self._announce = announce
        self._home = home
        self._overrides = overrides
        self._lab: Lab | None = None
        self._resources = ExitStack()
        self.collections: tuple[str, ...] = ()
        self.models: tuple[str, ...] = ()

    def lab(self) -> Lab:
        """The lab, opened now if it is not open yet."""
        if self._lab is None:
            from janus_lab import open_lab

            opened = open_lab(self._home, announce=self._announce, **self._overrides)
            self._lab = self._resources.enter_context(opened)
        return self._lab

    @property
    def settings(self) -> Settings:
        """The settings that the lab has, or would have."""
        return self._lab.settings if self._lab is not None else load_settings(self._home, **self._overrides)

    def settings_for(self, profile: str) -> Settings:
        """The settings that this session would have under another profile. Raises SettingsError."""
        return load_settings(self._home, **{**self._overrides, "profile": profile})

    @property
    def given_home(self) -> str | Path | None:
        """The data directory that was asked for, if one was."""
        return self._home

    def switch(self, *, home: str | Path | None = None, **overrides: Any) -> None:
        """Use another data directory or other settings from now on; an open lab is closed. Raises SettingsError, changing nothing."""
        chosen = user_path(home).absolute() if home is not None else self._home
        changed = {**self._overrides, **overrides}
        load_settings(chosen, **changed)
        self.close()
        self._home, self._overrides = chosen, changed
        self.collections, self.models = (), ()

    def work_here(self, processes: int | None) -> None:
        """Become the process that keeps workers running; it does not return. Raises SettingsError."""
        from janus_lab.compose.foreground import foreground

        settings = self.settings
        self.close()
        foreground(settings, processes or settings.worker_processes, self._overrides)

    def serve_here(self, host: str, port: int, key_variable: str) -> None:
        """Become the process that offers the models over HTTP; it does not return. Raises SettingsError, MissingPackage."""
        from janus_lab.compose.serving import serving

        settings = self.settings
        self.close()
        serving(settings, host, port, key_variable, self._overrides)

    def hardware(self) -> Hardware:
        """The machine under the session's settings; no lab is opened for it."""
        from janus_lab.compose.hardware import hardware

        return hardware(self.settings)

    def using(self) -> Using:
        """What is in use."""
        settings = self.settings
        servers = {name: settings.shown(name) for name in settings.servers()}
        return Using(str(settings.home), settings.profile, settings.collection, self._lab is not None, servers)

    def doctor(self) -> HealthReport:
        """Check everything, also where the lab can't be opened. Raises SettingsError for settings that can't be read."""
        settings = self.settings
        try:
            return self.lab().doctor()
        except JanusError as error:
            from janus_lab.compose.client import diagnose

            return diagnose(settings, error)

    def remember_names(self) -> None:
        """Note the names of collections and models, if a lab is open anyway."""
        if self._lab is not None:
            self.collections, self.models = tuple(self._lab.collections()), tuple(self._lab.models.names())

    def close(self) -> None:
        """Close the lab, if one is open. The next use opens a new one."""
        self._lab = None
        resources, self._resources = self._resources, ExitStack()
        resources.close()
