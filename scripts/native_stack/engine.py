"""One engine that runs natively: started, waited for, killed, restarted, stopped; the same way for every kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import psutil

from native_stack import compose, keeper, ports
from native_stack.kind import Kind, Launch, NotInstalled, NotStarted, Site, program

__all__ = ["Engine", "Kind", "Launch", "NotInstalled", "NotStarted", "Site", "program"]

_PAUSE_SECONDS = 0.05
_STATE = "engine.json"


class Engine:
    """An engine of one kind in one folder, on loopback. It ends with the process that started it, unless detached.

    The same object can be killed and started again: port, passwords and data stay.
    """

    def __init__(
        self,
        kind: Kind,
        folder: Path,
        *,
        port: int | None = None,
        values: Mapping[str, str] | None = None,
        compose_file: Path = compose.COMPOSE,
    ) -> None:
        """`port`: None takes a free one. `values`: variables of compose.yaml; None makes fresh passwords."""
        self.kind = kind
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._values = dict(values if values is not None else compose.fresh_passwords())
        self._compose_file = compose_file
        self._held: list[ports.Port] = []
        self._site = self._choose(port)
        self._keeper: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"Engine({self.kind.SERVICE}, port={self.port}, folder={str(self.folder)!r})"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.release()

    @property
    def url(self) -> str:
        """The URL with its password; the same after a restart."""
        return self.kind.url(self._site)

    @property
    def port(self) -> int:
        """The port in `url`."""
        return self._site.port

    @property
    def site(self) -> Site:
        """What the kind was given, for what only one kind has (a second listener, its password)."""
        return self._site

    @property
    def log(self) -> Path:
        """What the engine printed."""
        return self.folder / keeper.LOG

    @property
    def pid(self) -> int | None:
        """The engine's main process, or None when it is not running."""
        running = self._running()
        children = running.children() if running else []
        return min(children, key=psutil.Process.create_time).pid if children else None

    def start(self, *, wait_seconds: float = 180.0, detached: bool = False) -> None:
        """Start and wait until it answers; nothing if it runs already. Raises NotInstalled, NotStarted."""
        if missing := self.kind.missing():
            raise NotInstalled(missing)
        if self._running() is None:
            self._spawn(detached=detached)
        deadline = time.monotonic() + wait_seconds
        while not self.kind.answers(self._site):
            if self._keeper is not None and self._keeper.poll() not in {None, keeper.TAKEN}:
                self._keeper = None
                raise NotStarted(f"{self.kind.SERVICE} ended at its start; {self._tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise NotStarted(f"{self.kind.SERVICE} did not answer within {wait_seconds:.0f} s; {self._tail()}")
            time.sleep(_PAUSE_SECONDS)

    def stop(self, *, wait_seconds: float = 60.0) -> None:
        """End it in good order, or by force after half a minute. Nothing if it does not run."""
        if running := self._running():
            running.terminate()
        self._wait(wait_seconds)

    def kill(self) -> None:
        """`kill -9` to every process of the engine, at once. Nothing if it does not run."""
        if running := self._running():
            for process in running.children(recursive=True):
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
            running.terminate()
        self._wait(30.0)

    def restart(self, *, wait_seconds: float = 180.0) -> None:
        """Start again on the same port and data, ending it in good order first if it still runs."""
        self.stop()
        self.start(wait_seconds=wait_seconds)

    def running(self) -> bool:
        """Whether a process of it is there."""
        return self._running() is not None

    def answers(self) -> bool:
        """Whether it does its work now."""
        return self.kind.answers(self._site)

    def release(self) -> None:
        """Give the ports back. The data stays where it is."""
        for port in self._held:
            port.release()

    def _choose(self, port: int | None) -> Site:
        self._held = [ports.reserve() for _ in range(self.kind.SPARE_PORTS + (port is None))]
        numbers = [held.number for held in self._held]
        first = numbers.pop(0) if port is None else port
        written = compose.service(self.kind.SERVICE, self._values, self._compose_file)
        if keeper.keeping(self.folder) is not None:
            # Somebody else started it here: it is where they put it.
            state = json.loads((self.folder / _STATE).read_text(encoding="utf-8"))
            first, numbers = state["port"], state["spare_ports"]
        return Site(self.folder, first, tuple(numbers), self._values, written)

    def _spawn(self, *, detached: bool) -> None:
        launch = self.kind.launch(self._site)
        user = launch.user if os.getuid() == 0 else None
        state = {"port": self.port, "spare_ports": self._site.spare_ports}
        (self.folder / _STATE).write_text(json.dumps(state), encoding="utf-8")
        command = [
            *(sys.executable, "-P", keeper.__file__),
            *(f"--folder={self.folder}", f"--stop-signal={int(launch.stop_signal)}"),
            *(["--detached"] if detached else []),
            *([f"--user={user}"] if user else []),
            *("--", *launch.command),
        ]
        # Everything else of our environment could reach into the engine's settings.
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
        with self.log.open("ab") as log:
            self._keeper = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**kept, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **launch.environment},
            )

    def _running(self) -> psutil.Process | None:
        """The keeper: ours, which may be too young to have told its number, or another's."""
        if self._keeper is not None and self._keeper.poll() is None:
            return psutil.Process(self._keeper.pid)
        return keeper.keeping(self.folder)

    def _wait(self, wait_seconds: float) -> None:
        if self._keeper is not None:
            self._keeper.wait(wait_seconds)
            self._keeper = None
        if other := keeper.keeping(self.folder):
            other.wait(wait_seconds)

    def _tail(self, lines: int = 12) -> str:
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "it has no log"
        return f"the end of {self.log}:\n" + "\n".join(text.splitlines()[-lines:])
