"""A magic's line becomes a request: which verb, its arguments, and the variable for its result."""

from __future__ import annotations

import keyword
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from janus_lab.errors import UsageError
from janus_lab.verbs.about import find_verb
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.text import late_option, split_leading_options, split_words
from janus_lab.verbs.verb import Verb
from janus_magics.interpolation import interpolate

PREFIX = "%janus"
MORE = """
In a notebook: `-o NAME` or `NAME = %janus …` keeps the result; `%%janus ask` takes the cell as its text;
`{{name}}` stands for a variable; options come before the text of ask and search."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One use of the magic. `variable` is where the result goes too ("" = nowhere); `hint` is a word to the user, if any."""

    verb: Verb
    args: Namespace
    variable: str = ""
    hint: str = ""


def parse_line(line: str, cell: str | None, verbs: Mapping[str, Verb], variables: Mapping[str, Any]) -> Invocation:
    """Read a magic's line and cell. Raises UsageError, HelpRequested."""
    name, rest = _head(line)
    verb = find_verb(verbs, name, PREFIX)
    parser = notebook_parser(verb)
    hint = ""
    if verb.text:
        options, text = split_leading_options(parser, rest)
        args = verb.parse(parser, [interpolate(option, variables) for option in options])
        if late := late_option(parser, text):
            hint = f"note: {late} was taken as part of the text; options come before it"
        args.text = interpolate("\n".join(part for part in (text, (cell or "").strip()) if part), variables)
    else:
        if cell is not None and cell.strip():
            raise UsageError(f"{PREFIX} {name} takes no cell", remedy=f"use it in one line: {PREFIX} {name}")
        args = verb.parse(parser, [interpolate(word, variables) for word in split_words(rest)])
    args.prefix, args.more = PREFIX, MORE
    return Invocation(verb, args, _variable(args), hint)


def notebook_parser(verb: Verb) -> VerbParser:
    """The verb's parser with what only a notebook has: `-o NAME`."""
    parser = verb.parser(PREFIX)
    for each in parser.actions.values() or (parser,):
        each.add_argument(
            "-o", dest="variable", metavar="NAME", default="", help="keep the result in this variable too"
        )
    return parser


def _head(line: str) -> tuple[str, str]:
    stripped = line.strip()
    if not stripped or stripped in ("-h", "--help", "?"):
        return "help", ""
    name, _, rest = stripped.partition(" ")
    if "\n" in name or "\t" in name:
        name, rest = stripped.split(None, 1)
    if name.endswith("?") or rest.strip() == "?":
        return "help", name.rstrip("?")
    return name, rest


def _variable(args: Namespace) -> str:
    name = str(getattr(args, "variable", ""))
    if name and (not name.isidentifier() or keyword.iskeyword(name)):
        raise UsageError(f"-o {name!r} is not a variable's name", remedy="use letters, digits and _, e.g. -o answer")
    return name
