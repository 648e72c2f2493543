"""The profile's servers: what each says of itself, all asked at once, so that dead ones do not add up."""

from __future__ import annotations

import threading
import time

from janus_lab.compose.listening import listens
from janus_lab.errors import JanusError, StoreUnreachable
from janus_lab.schemes import server_checks
from janus_lab.settings import Settings
from janus_lab.values.health import Check, Verdict
from janus_lab.values.shown_url import shown_url

ANSWER_SECONDS = 5.0
_SILENT = "start it (`docker compose up -d`, or `scripts/stack up`), or mend its URL"
_SLOW = "repeat when the machine is less busy, or the server has been up for a minute; if it stays so, see its log"


def check_servers(settings: Settings, *, seconds: float = ANSWER_SECONDS) -> list[Check]:
    """What is found out about each server, in the order in which work depends on them; none is waited for longer."""
    asked = [_Asked(name, url) for name, url in settings.servers().items()]
    for one in asked:
        one.begin()
    deadline = time.monotonic() + seconds
    return [check for one in asked for check in one.checks(deadline, seconds)]


def unreachable_servers(settings: Settings, error: StoreUnreachable) -> StoreUnreachable:
    """The error for a lab whose stores can't be opened: it names every server that does not answer, not only the first."""
    if not settings.servers():
        return error
    failed = list(
        dict.fromkeys(c.name for c in check_servers(settings) if c.verdict is Verdict.FAILED or c.remedy == _SLOW)
    )
    others = f"; not well: {', '.join(failed)}" if failed else ""
    return StoreUnreachable(
        f"{error.message}{others} (profile {settings.profile})",
        remedy="start the servers (`docker compose up -d`, or `scripts/stack up`); `janus doctor` says how each of them is",
    )


class _Asked:
    """One server, asked in a thread of its own, which ends with the process if the server never answers."""

    def __init__(self, name: str, url: str) -> None:
        self._name = name.removesuffix("_url")
        self._url = url
        self._found: list[Check] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        try:
            # Loading a driver may take longer than a server's answer, and is not the server's fault.
            self._ask = server_checks(url)
        except JanusError as error:
            self._found.append(Check(self._name, Verdict.FAILED, error.message, error.remedy))

    def begin(self) -> None:
        """Ask, unless it is known already that this can't be."""
        if not self._found:
            self._thread.start()

    def checks(self, deadline: float, seconds: float) -> list[Check]:
        """What was found out until then, and that it is not everything where it is not."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        # In this order, so that a server that ends just now is not said to be slow.
        slow, found = self._thread.is_alive(), list(self._found)
        if not slow:
            return found
        if found or listens(self._url):
            detail = f"{shown_url(self._url)} answers slowly: not everything was told within {seconds:.0f} seconds"
            return [*found, Check(self._name, Verdict.WARNING, detail, _SLOW)]
        detail = f"no answer within {seconds:.0f} seconds from {shown_url(self._url)}"
        return [Check(self._name, Verdict.FAILED, detail, _SILENT)]

    def _run(self) -> None:
        try:
            for check in self._ask(self._url):
                self._found.append(check)  # at once: the next one may never come
        except Exception as error:  # noqa: BLE001 - a doctor goes on; the words might hold a password
            detail = f"{type(error).__name__} while {shown_url(self._url)} was asked"
            remedy = "check the URL; if it is right, please report this"
            self._found.append(Check(self._name, Verdict.FAILED, detail, remedy))
