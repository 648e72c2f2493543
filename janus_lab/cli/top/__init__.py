"""`janus top`: the board in a terminal, live, with the runs and keys beside it."""

from janus_lab.cli.top.watch import watch, watchable

__all__ = ["watch", "watchable"]
