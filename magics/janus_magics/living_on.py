"""Commands that want a process for themselves: a kernel or shell that people work in never becomes one of them."""

from __future__ import annotations

from janus_lab.errors import UsageError
from janus_lab.verbs.terminal import TerminalFace


def living_on(command: str) -> UsageError:
    """Why the command is not run here, and where it is."""
    return UsageError(
        f"`{command}` wants a process for itself, and this one lives on",
        remedy=f"run `{command}` in a terminal of its own",
    )


class ShellFace(TerminalFace):
    """The face in a shell without a front end: a terminal's, but the shell goes on after every command."""

    def give_way(self, command: str) -> None:
        """Never."""
        self.settle()
        raise living_on(command)
