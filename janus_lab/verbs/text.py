"""Where a verb's options end and its text begins.

Text verbs (ask, search) take natural language: quotes, braces, JSON, LaTeX and apostrophes must arrive untouched, so the text
never goes through shlex.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from janus_lab.errors import UsageError
from janus_lab.verbs.parser import VerbParser

_OPTION = re.compile(r"(--?[A-Za-z][\w-]*)(=?)")
_VALUE = re.compile(r"""("[^"]*"|'[^']*'|\S+)\s*""")
_LATE_OPTION = re.compile(r"\s(--?[A-Za-z][\w-]*)(?=[\s=]|$)")


def split_words(line: str) -> list[str]:
    """Words of a line as a shell would split them, but a backslash stays a backslash. Raises UsageError."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.escape = ""
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError as error:
        raise UsageError(
            f"a quotation mark is not closed in: {line.strip()}", remedy='put the word that holds it in "double quotes"'
        ) from error


def split_leading_options(parser: VerbParser, line: str) -> tuple[list[str], str]:
    """Split a raw line into its leading options and the text after them, verbatim.

    `--` ends the options. Text that is wholly in one pair of quotes loses them.
    """
    options: list[str] = []
    rest = line.strip()
    while rest.startswith("-"):
        if rest == "--" or rest.startswith(("-- ", "--\n")):
            return options, rest[2:].lstrip()
        match = _OPTION.match(rest)
        if match is None:
            break  # "-5 degrees" or "—": the text has begun
        flag, equals = match.groups()
        action = parser.flags.get(flag)
        if action is None:
            # Let argparse name the unknown option.
            return [*options, flag], rest[match.end() :]
        rest = rest[match.end() :] if equals else rest[match.end() :].lstrip()
        options.append(flag)
        if action.nargs != 0 and (value := _VALUE.match(rest)) is not None:
            options[-1:] = [flag, _unquoted(value[1])]
            rest = rest[value.end() :]
    return options, _unquoted(rest)


def gather_options(parser: VerbParser, words: Sequence[str]) -> tuple[list[str], str]:
    """Split a terminal's words into the verb's own options, wherever they stand before `--`, and the text of all the others."""
    options: list[str] = []
    text: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--":
            text.extend(words[position:])
            break
        flag = word.split("=", 1)[0] if word.startswith("--") else word
        action = parser.flags.get(flag)
        if action is None:
            if word.startswith("-") and not text and _OPTION.fullmatch(flag):
                options.append(word)  # argparse names the unknown option
            else:
                text.append(word)
            continue
        options.append(word)
        if action.nargs != 0 and "=" not in word and position < len(words):
            options.append(words[position])
            position += 1
    return options, " ".join(text)


def late_option(parser: VerbParser, text: str) -> str | None:
    """An option of this verb that stands inside the text, where it counts as text; for a friendly word about it."""
    known = parser.flags
    return next((m[1] for m in _LATE_OPTION.finditer(text) if m[1] in known), None)


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text.count(text[0]) == 2:  # noqa: PLR2004 - a pair
        return text[1:-1]
    return text
