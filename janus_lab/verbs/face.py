"""What a verb needs of the face it speaks through."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.event import Event


class Face(Protocol):
    """A notebook cell or a terminal. A verb's result is returned, not shown; the face shows it in its own way."""

    def follow(self, event: Event) -> None:
        """Show a run's event while it goes on: streamed text, progress, a warning."""
        ...

    def say(self, line: str) -> None:
        """Tell one line that is not part of the result."""
        ...

    def give_way(self, command: str) -> None:
        """Let this process become another one. Raises UsageError where it must live on, naming the command for a terminal."""
        ...

    def confirm(self, question: str) -> bool:
        """Ask a person; True means yes. Raises UsageError where nobody can be asked."""
        ...
