"""Finds the Lua scripts, in a wheel or in the repository, puts what they share where they use it, and registers them with a client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import janus_lab
from janus_lab.errors import Defect

if TYPE_CHECKING:
    from redis import Redis
    from redis.commands.core import Script


Run: TypeAlias = Callable[..., Any]
"""Runs one script, called with `keys` and `args`."""
_USES = "-- uses:"
_RESTARTS = 3
"""So many restarts of a server in the middle of one call are borne."""


def folder() -> Path:
    """Where the scripts are: `janus_lab/_lua` in a wheel, else `lua/` beside the package. Raises Defect if they are nowhere."""
    package = Path(janus_lab.__file__).parent
    for candidate in (package / "_lua", package.parent / "lua"):
        if candidate.is_dir():
            return candidate
    raise Defect(f"the Lua scripts are missing from {package}", remedy="install janus-lab again")


@cache
def source(name: str) -> str:
    """The text of script `name` (without `.lua`), with each shared part where a line of it first says that it is used."""
    text: list[str] = []
    given: set[str] = set()
    for line in _text(f"{name}.lua").splitlines(keepends=True):
        fresh = [part for part in parts(line) if part not in given]
        text += [*(_text(f"shared/{part}.lua") for part in fresh), line]
        given.update(fresh)
    return "".join(text)


def parts(text: str) -> list[str]:
    """The parts in `lua/shared/` that a script's line `-- uses: NAME …` names, each below those that it uses itself."""
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith(_USES):
            for part in line.removeprefix(_USES).split():
                found += [*parts(_text(f"shared/{part}.lua")), part]
    return list(dict.fromkeys(found))


def _text(path: str) -> str:
    return (folder() / path).read_text(encoding="utf-8")


def register(client: Redis, name: str) -> Run:
    """What runs script `name` on `keys` with `args`; it loads the script again when the server has forgotten it.

    A server that is restarted between the loading and the call has forgotten it once more, so that is tried again.
    """
    from redis.exceptions import NoScriptError

    script: Script = client.register_script(source(name))

    def run(*, keys: Sequence[str], args: Sequence[str | float] = ()) -> Any:
        for _ in range(_RESTARTS):
            with suppress(NoScriptError):
                return script(keys=keys, args=args)
        return script(keys=keys, args=args)

    return run
