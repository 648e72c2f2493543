"""One parser a verb: argparse that raises our errors and never exits."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from janus_lab.errors import UsageError


class HelpRequested(Exception):
    """Somebody asked for help; `text` is what to show."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class _ShowHelp(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise HelpRequested(parser.format_help())


class VerbParser(argparse.ArgumentParser):
    """A parser for one verb (or one action of a verb). Mistakes raise UsageError, `--help` raises HelpRequested."""

    def __init__(self, prog: str, summary: str = "", examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(
            prog=prog,
            description=summary,
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples) if examples else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            add_help=False,
            exit_on_error=False,
            **options,
        )
        self.add_argument("-h", "--help", action=_ShowHelp, nargs=0, help="show this help")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the way to the help as its remedy."""
        raise UsageError(f"{self.prog}: {message}", remedy=f"`{self.prog} --help` shows its options and examples")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Never leave the process: raise UsageError instead."""
        raise UsageError(message or f"{self.prog} ended early ({status})", remedy=f"try `{self.prog} --help`")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse arguments; every mistake is a UsageError."""
        try:
            return self.parse_args(arguments)
        except argparse.ArgumentError as mistake:
            self.error(str(mistake))

    @property
    def flags(self) -> dict[str, argparse.Action]:
        """Every option string with what it sets; an action that takes no value has `nargs` 0."""
        return {flag: action for action in self._actions for flag in action.option_strings}

    @property
    def actions(self) -> dict[str, VerbParser]:
        """The parsers of this verb's actions (`docs list`, …), by name; empty for a verb without any."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse offers no public way
                return dict(action.choices)
        return {}
