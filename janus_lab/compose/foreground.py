"""`janus worker`: this process becomes the one that keeps workers running."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from janus_lab.compose.server_room import require_owners
from janus_lab.errors import SettingsError
from janus_lab.settings import Settings, environment_of


def foreground(settings: Settings, processes: int, overrides: Mapping[str, Any]) -> None:
    """Become the process that keeps workers running in the foreground; it does not return. Raises SettingsError."""
    if settings.own_server:
        raise SettingsError(
            "`janus worker` serves servers, and redis_url is embedded",
            remedy="set redis_url (see `janus init --stack`); an embedded engine room starts its own worker",
        )
    require_owners(settings, processes)
    command = [sys.executable, "-P", "-m", "janus_lab.jobs.foreground", "--home", str(settings.home)]
    command += ["--processes", str(processes)]
    os.execve(sys.executable, command, {**os.environ, **environment_of(overrides)})  # noqa: S606 - our own interpreter, no shell
