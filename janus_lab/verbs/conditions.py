"""Conditions on metadata as a person writes them: `year>=2020`, `author.name=Ada`, `tags~physics`."""

from __future__ import annotations

import re

from janus_lab.errors import UsageError
from janus_lab.values.filter import Condition, Operator

_FORM = re.compile(r"\s*([^\s=!<>~]+)\s*(!=|>=|<=|==?|~)\s*(.*?)\s*", re.DOTALL)
_OPERATORS = {
    "=": Operator.EQUALS,
    "==": Operator.EQUALS,
    "!=": Operator.NOT_EQUALS,
    ">=": Operator.AT_LEAST,
    "<=": Operator.AT_MOST,
    "~": Operator.CONTAINS,
}
_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?")
_WORDS: dict[str, bool] = {"true": True, "false": False}


def parse_condition(text: str) -> Condition:
    """One condition. Numbers, `true` and `false` are taken as such unless they stand in quotes. Raises UsageError."""
    match = _FORM.fullmatch(text)
    if match is None or not match[3]:
        raise UsageError(
            f"{text!r} is not a condition",
            remedy="write path=value, path!=value, path>=value, path<=value or path~value (contains), e.g. 'year>=2020'",
        )
    path, sign, value = match.groups()
    return Condition(path, _OPERATORS[sign], _typed(value))


def _typed(value: str) -> str | int | float | bool:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    if _INTEGER.fullmatch(value):
        return int(value)
    if _NUMBER.fullmatch(value):
        return float(value)
    return value
