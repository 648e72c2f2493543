"""Untrusted text for a terminal: what a document or a model says must not steer it."""

from __future__ import annotations

import re

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control and escape characters (C0, C1) and those that turn the direction of writing; newline and tab stay."""


def printable(text: str) -> str:
    """The text without characters that steer a terminal. A carriage return before a newline goes; alone it becomes one."""
    return _STEERING.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int) -> str:
    """The text on one line, cut with an ellipsis after `limit` characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
