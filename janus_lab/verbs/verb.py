"""What a verb is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass

from janus_lab.verbs.face import Face
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: how its line is read (`define`), and what it does (`execute`, which returns a value or None).

    `text` verbs take natural language after their options. A verb with actions (`docs list`) names the one meant by default,
    and that action takes a first word that names no action where `default_takes_words`.
    Examples are written without the face's prefix.
    """

    name: str
    summary: str
    define: Callable[[VerbParser], None]
    execute: Callable[[Namespace, Session, Face], object]
    examples: tuple[str, ...] = ()
    text: bool = False
    default_action: str = ""
    default_takes_words: bool = False

    def parser(self, prefix: str) -> VerbParser:
        """A fresh parser; `prefix` is how the face is called: `janus` or `%janus`."""
        parser = VerbParser(
            f"{prefix} {self.name}",
            self.summary,
            [f"{prefix} {example}" for example in self.examples],
            usage="%(prog)s [options] [--] TEXT" if self.text else None,
        )
        self.define(parser)
        return parser

    def parse(self, parser: VerbParser, words: list[str]) -> Namespace:
        """Parse words that are already split. Raises UsageError, HelpRequested."""
        return parser.parse([self.default_action, *words] if self._means_default(parser, words) else words)

    def _means_default(self, parser: VerbParser, words: list[str]) -> bool:
        if not self.default_action or not words:
            return bool(self.default_action)
        if words[0].startswith("-"):
            return words[0] not in ("-h", "--help")
        return self.default_takes_words and words[0] not in parser.actions
