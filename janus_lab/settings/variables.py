"""`JANUS_*` in the environment."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import fields

from janus_lab.settings.settings import Settings

ENVIRONMENT_PREFIX = "JANUS_"
_NO_SETTINGS = (f"{ENVIRONMENT_PREFIX}DEMO_HOME", f"{ENVIRONMENT_PREFIX}TEST_")
"""Variables of the demonstration and of tests begin like this."""
_OF_SERVERS = re.compile(
    ENVIRONMENT_PREFIX
    + r"((POSTGRES|RABBITMQ|MINIO|NEO4J|QDRANT|REDISINSIGHT|IMAGE|STACK|WORKER)_(?!PROCESSES|THREADS)\w+"
    r"|REDIS_(?!URL)[A-Z]*(PASSWORD|PORT|MEMORY|HOST|DATA_MB|LIMIT_MB))"
)
"""Variables that compose.yaml and placeholders read from `.env`; some export that file."""


def settings_from(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that variables give, by name; `home` is none of them, because it says where the others are."""
    known = {field.name for field in fields(Settings)} - {"home"}
    return {
        name: value
        for key, value in environment.items()
        if key.startswith(ENVIRONMENT_PREFIX) and (name := key[len(ENVIRONMENT_PREFIX) :].lower()) in known
    }


def environment_of(settings: Mapping[str, object]) -> dict[str, str]:
    """The variables that give these settings to another process: nobody but its user reads them, unlike its arguments."""
    return {f"{ENVIRONMENT_PREFIX}{name.upper()}": str(value) for name, value in settings.items()}


def unknown_variables(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of the environment that look like settings and are none, each with the known one it resembles ("": none)."""
    variables = os.environ if environment is None else environment
    known = [field.name for field in fields(Settings)]
    unknown: dict[str, str] = {}
    for variable in sorted(variables):
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if not variable.startswith(ENVIRONMENT_PREFIX) or name in known:
            continue
        if variable.startswith(_NO_SETTINGS) or _OF_SERVERS.fullmatch(variable):
            continue
        near = difflib.get_close_matches(name, known, 1)
        unknown[variable] = ENVIRONMENT_PREFIX + near[0].upper() if near else ""
    return unknown
