"""What a client was sent stays said: a run that begins anew is heard from where it broke off, or its stream is an error."""

from __future__ import annotations

from janus_lab.errors import ModelFailed
from janus_lab.values.event import Event, EventKind


class Retelling:
    """Takes a run's events, and gives the text that a client has not been sent.

    A run whose worker was lost begins anew elsewhere and tells its reply from the first word; what repeats is left out.
    """

    def __init__(self) -> None:
        self._sent = ""
        self._again: str | None = None

    def fresh(self, event: Event) -> str:
        """The text of an event that is new; "" for none. Raises ModelFailed if the reply is another one than before."""
        if event.kind is EventKind.STATE and event.data.get("attempt", 1) > 1:
            self._again = ""
        if event.kind is not EventKind.TOKEN:
            return ""
        text = str(event.data["text"])
        if self._again is None:
            self._sent += text
            return text
        self._again += text
        shared = min(len(self._again), len(self._sent))
        if self._again[:shared] != self._sent[:shared]:
            raise _another()
        new, self._sent = self._again[len(self._sent) :], max(self._again, self._sent, key=len)
        return new

    def end(self) -> None:
        """The reply is whole. Raises ModelFailed if it is shorter than what was sent."""
        if self._again is not None and len(self._again) < len(self._sent):
            raise _another()


def _another() -> ModelFailed:
    return ModelFailed(
        "the process that wrote this was lost, and its reply began anew in other words", remedy="ask again"
    )
