"""Completion of `%janus` lines: verbs, actions, options, values, collections, models and paths, without asking an engine."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from janus_lab.verbs.options import MODEL
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.verb import Verb
from janus_magics.arguments import notebook_parser

_LINE = re.compile(r"^\s*(?:[^=%#]+=\s*)?(%%?)janus[ \t]+(.*)$", re.DOTALL)
_PATHS = {"--home", "--questions", "--out", "--queries", "--run"}
PATHS_SHOWN = 200


class JanusCompletion:
    """Completes what stands before the cursor. `collections` and `models` give the names known last."""

    def __init__(
        self, verbs: Mapping[str, Verb], collections: Callable[[], Sequence[str]], models: Callable[[], Sequence[str]]
    ) -> None:
        self._verbs = verbs
        self._collections = collections
        self._models = models

    def complete(self, line: str) -> tuple[str, list[str]] | None:
        """The word under the cursor and what it may become; None where the line is not a `%janus` line."""
        match = _LINE.match(line)
        if match is None:
            return None
        words = match[2].split(" ")
        word, before = words[-1], [w for w in words[:-1] if w]
        return word, [candidate for candidate in self._candidates(before, word) if candidate.startswith(word)]

    def _candidates(self, before: list[str], word: str) -> Iterable[str]:
        if not before or before == ["help"]:
            return self._verbs
        verb = self._verbs.get(before[0])
        if verb is None:
            return ()
        parser = notebook_parser(verb)
        if verb.default_action and [*before[1:], word][0].startswith("-"):
            before = [before[0], verb.default_action, *before[1:]]
        parser = next((parser.actions[w] for w in before[1:2] if w in parser.actions), parser)
        if (previous := before[-1]) in parser.flags and parser.flags[previous].nargs != 0:
            return self._values(parser.flags[previous], word)
        if word.startswith("-"):
            return sorted(parser.flags)
        return self._positionals(parser, before, word)

    def _values(self, option: argparse.Action, word: str) -> Iterable[str]:
        if "--collection" in option.option_strings:
            return [_quoted(name) for name in self._collections()]
        if option.metavar == MODEL:
            return self._models()
        if _PATHS.intersection(option.option_strings):
            return paths(word)
        return [str(choice) for choice in option.choices or ()]

    def _positionals(self, parser: VerbParser, before: list[str], word: str) -> Iterable[str]:
        if parser.actions and len(before) == 1:
            return parser.actions
        positionals = [a for a in parser._actions if not a.option_strings]  # noqa: SLF001 - argparse has no public way
        if any(a.dest == "sources" for a in positionals):
            return paths(word)
        if any(a.metavar == MODEL for a in positionals):
            return self._models()
        return [str(choice) for a in positionals for choice in a.choices or ()]


def paths(word: str) -> list[str]:
    """Files and folders that a path may go on to; hidden ones only after a dot."""
    folder, start = os.path.split(word)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:  # noqa: PTH111 - the user's own spelling is kept
            names = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in entries)
    except OSError:
        return []
    shown = [name for name in names if name.startswith(start) and (start.startswith(".") or not name.startswith("."))]
    return [os.path.join(folder, name) for name in shown[:PATHS_SHOWN]]  # noqa: PTH118 - as above


def matcher(completion: JanusCompletion) -> Any:
    """What IPython's completer calls: it takes over on `%janus` lines and leaves every other line alone."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher()  # type: ignore[untyped-decorator]  # IPython's decorator is untyped
    def janus_matcher(context: Any) -> dict[str, Any]:
        found = None
        in_cell_body = context.cursor_line > 0 and context.full_text.lstrip().startswith("%%")
        if not in_cell_body:
            found = completion.complete(context.line_with_cursor[: context.cursor_position])
        if found is None:
            return {"completions": [], "suppress": False}
        word, candidates = found
        return {
            "completions": [SimpleCompletion(candidate, type="janus") for candidate in candidates],
            "suppress": True,
            "matched_fragment": word,
            "ordered": True,
        }

    return janus_matcher


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
