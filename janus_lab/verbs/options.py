"""Options that several verbs take, defined once."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable

from janus_lab.errors import UsageError
from janus_lab.settings.profiles import EMBEDDED, STACK
from janus_lab.values.filter import Condition
from janus_lab.verbs.conditions import parse_condition
from janus_lab.verbs.parser import VerbParser

_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0}
_AGE = re.compile(r"([0-9]{1,6})([dhm])")


MODEL = "MODEL"
"""What stands in help for the name of a model that is known; completion names those."""


class Suggested(tuple[str, ...]):
    """Choices that help and completion name; others are taken as well."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return True


PROFILES = Suggested((EMBEDDED, STACK))
"""What names a profile; `janus.toml` may hold others."""


def add_collection(parser: VerbParser, default: str = "the one in use") -> None:
    """`-c NAME`."""
    parser.add_argument("-c", "--collection", metavar="NAME", help=f"the collection (default: {default})")


def add_limit(parser: VerbParser, default: int, meaning: str) -> None:
    """`-k N`."""
    parser.add_argument(
        "-k", "--limit", metavar="N", type=positive, default=default, help=f"{meaning} (default: {default})"
    )


def add_where(parser: VerbParser) -> None:
    """`--where CONDITION`, repeatable."""
    parser.add_argument(
        "--where",
        metavar="CONDITION",
        type=_reported(parse_condition),
        action="append",
        default=[],
        help="only documents whose metadata meet it: path=value, !=, >=, <=, path~value (contains); may be repeated",
    )


def add_json(parser: VerbParser) -> None:
    """Give the verb `--json`: the result as data."""
    parser.add_argument("--json", action="store_true", help="the result as JSON (in a notebook: plain data)")


def positive(text: str) -> int:
    """A whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def age(text: str) -> float:
    """A length of time such as 30d, 12h or 45m, in seconds."""
    found = _AGE.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no length of time like 30d, 12h or 45m")
    return int(found[1]) * _SECONDS[found[2]]


def _reported(parse: Callable[[str], Condition]) -> Callable[[str], Condition]:
    def convert(text: str) -> Condition:
        try:
            return parse(text)
        except UsageError as error:
            raise ArgumentTypeError(f"{error.message}; {error.remedy}") from error

    return convert
