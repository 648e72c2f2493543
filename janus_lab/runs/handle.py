"""A started run in the hands of whoever started it, or attached to it later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from janus_lab.errors import JanusError, RunCancelled, RunFailed, StoreUnreachable
from janus_lab.ports.engine_room import Link
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.follow import follow
from janus_lab.values.answer import Answer, Citation, CitedContext
from janus_lab.values.codec import from_json
from janus_lab.values.event import Event
from janus_lab.values.hit import SearchResult
from janus_lab.values.run import Run, RunState

Value = TypeVar("Value")

CANCEL_PATIENCE_SECONDS = 5.0
"""How long an interrupted wait gives the worker to record the partial result."""
RECONNECT_SECONDS = 30.0
"""How long a follower bears a server that does not answer before it gives up."""


class RunHandle:
    """Follows one run: its events, its result, and the wish to cancel it. Losing the handle does not stop the run."""

    def __init__(
        self,
        run_id: str,
        *,
        ledger: Ledger,
        link: Callable[[], Link],
        reopen: Callable[[Citation], CitedContext],
        distress: Callable[[], JanusError | None],
    ) -> None:
        self.id = run_id
        self._ledger = ledger
        self._link = link
        self._reopen = reopen
        self._distress = distress

    def __repr__(self) -> str:
        return f"run {self.id[:12]}: `janus runs follow {self.id[:12]}` waits for it, `janus queue` shows how far it is"

    def events(self, after: str = "", *, wanted: Callable[[], bool] = lambda: True) -> Iterator[Event]:
        """The run's events after `after` until it ends, or soon after `wanted` is no longer true.

        Goes on by itself when the server was restarted in between.
        """
        position = after
        lost_since: float | None = None
        while wanted():
            try:
                events = self._link().events
                for event in follow(
                    self.id,
                    ledger=self._ledger,
                    events=events,
                    after=position,
                    distress=self._trouble,
                    wanted=wanted,
                ):
                    position, lost_since = event.sequence or position, None
                    yield event
            except StoreUnreachable:
                if (trouble := self._trouble()) is not None:
                    raise trouble from None
                lost_since = lost_since or time.monotonic()
                if time.monotonic() - lost_since > RECONNECT_SECONDS:
                    raise
                time.sleep(0.2)
            else:
                return

    def _trouble(self) -> JanusError | None:
        """Why nothing goes on, with the way to this very run: whoever stops waiting has not stopped it."""
        if (trouble := self._distress()) is None:
            return None
        short = self.id[:12]
        told = f"{trouble.message}; run {short} stays queued, and goes on when that is mended"
        return type(trouble)(told, remedy=f"{trouble.remedy}; then `janus runs follow {short}` waits for it")

    def cancel(self) -> None:
        """Ask the run to stop; what it has finished is kept. One that is paused goes on as far as it takes to end in order."""
        run = self._ledger.get(self.id, brief=True)
        if run.state.final:
            return
        link = self._link()
        link.claims.request_cancel(self.id)
        if self._ledger.resume(self.id):
            link.queue.enqueue(self.id, run.priority)

    def run(self) -> Run:
        """The run as the ledger has it now."""
        return self._ledger.get(self.id)

    def result(self) -> dict[str, Any]:
        """The JSON-ready result of a run that is over. Raises RunFailed, or RunCancelled where there is no partial result."""
        run = self.run()
        if run.result is not None:
            return dict(run.result)
        if run.state is RunState.CANCELLED:
            raise RunCancelled(
                f"run {run.id[:12]} was cancelled; finished steps are kept",
                remedy=f"`janus runs retry {run.id[:12]}` goes on with it",
            )
        if run.error is not None:
            raise RunFailed(f"{run.error.message} [{run.error.code}, run {run.id[:12]}]", remedy=run.error.remedy)
        next_verb, what = ("resume", "goes on with") if run.state is RunState.PAUSED else ("follow", "waits for")
        raise RunFailed(
            f"run {run.id[:12]} is still {run.state}", remedy=f"`janus runs {next_verb} {run.id[:12]}` {what} it"
        )

    def wait_json(self, on_event: Callable[[Event], None] | None = None) -> dict[str, Any]:
        """Follow the run to its end and return its result. A KeyboardInterrupt cancels the run and still waits for its end."""
        position = ""
        try:
            for event in self.events():
                position = event.sequence or position
                if on_event is not None:
                    on_event(event)
        except KeyboardInterrupt:
            self.cancel()
            self._drain(position, on_event)
            if not self.run().state.final:
                raise
        return self.result()

    def wait(self, kind: type[Value], on_event: Callable[[Event], None] | None = None) -> Value:
        """Like `wait_json`, as a value of `kind`."""
        return from_json(kind, self.wait_json(on_event))

    def answer(self, on_event: Callable[[Event], None] | None = None) -> Answer:
        """Wait for an ask and return its answer, ready to `.cite(number)`."""
        return replace(self.wait(Answer, on_event), reopen=self._reopen)

    def search_results(self) -> list[SearchResult]:
        """Wait for a search and return the results of its queries, in their order."""
        return [from_json(SearchResult, item) for item in self.wait_json()["results"]]

    def _drain(self, after: str, on_event: Callable[[Event], None] | None) -> None:
        deadline = time.monotonic() + CANCEL_PATIENCE_SECONDS
        events = self._link().events
        position = after
        while time.monotonic() < deadline:
            batch = events.read(self.id, after=position, wait_seconds=0.1)
            for event in batch:
                position = event.sequence
                if on_event is not None:
                    on_event(event)
                if event.kind.terminal:
                    return
            if not batch and self.run().state.final:
                return
