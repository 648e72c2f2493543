"""From the words of a command to an exit code."""

from __future__ import annotations

import json
import os
import sys
from argparse import SUPPRESS, Namespace
from collections.abc import Sequence
from contextlib import closing
from typing import NoReturn

from janus_lab.cli.exit_codes import BROKEN_PIPE, FAILED, INTERRUPTED, OK, USAGE, exit_code
from janus_lab.cli.top import watch, watchable
from janus_lab.errors import JanusError, RunCancelled, SettingsError, UsageError
from janus_lab.settings import load_settings
from janus_lab.settings.places import settings_file
from janus_lab.verbs.about import find_verb, overview
from janus_lab.verbs.as_data import as_data
from janus_lab.verbs.parser import HelpRequested, VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.table import VERBS
from janus_lab.verbs.terminal import TerminalFace
from janus_lab.verbs.text import gather_options
from janus_lab.verbs.verb import Verb

PREFIX = "janus"
MORE = """
Before or after the verb:
  --home PATH     the data directory (default: JANUS_HOME, else the nearest .janus/, else the user's data folder)
  --profile NAME  embedded, stack, or another profile of janus.toml (default: JANUS_PROFILE, else what janus.toml says)
  --debug         show the whole traceback of an error

`janus completion bash|zsh|fish` prints completion for your shell."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `janus` with these arguments (default: the process's own). Returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words[: words.index("--")] if "--" in words else "--debug" in words
    face = TerminalFace()
    try:
        code = _run_or_help(words, face)
        sys.stdout.flush()
    except KeyboardInterrupt:
        face.settle()
        print("interrupted", file=sys.stderr)  # noqa: T201 - a terminal's face prints
        return INTERRUPTED
    except BrokenPipeError:
        # `janus docs | head`: the reader has had enough. Python would complain once more while it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except JanusError as error:
        face.settle()
        if debug:
            raise
        for line in error.lines():
            face.say(line)
        if isinstance(error, UsageError):
            return USAGE
        return INTERRUPTED if isinstance(error, RunCancelled) else FAILED
    return code


def _run_or_help(words: list[str], face: TerminalFace) -> int:
    try:
        return _run(words, face)
    except HelpRequested as request:
        print(request.text.rstrip())  # noqa: T201 - a terminal's face prints
        return OK


def _run(words: list[str], face: TerminalFace) -> int:
    options, rest = _leading_options(words)
    if not rest or rest[0] in ("-h", "--help"):
        raise HelpRequested(overview(VERBS, PREFIX, MORE))
    if rest[0] == "--version":
        rest = ["version"]
    name, *tail = rest
    if name == "completion":
        from janus_lab.cli.completion import completion

        face.show(completion(tail))
        return OK
    args = _parse(find_verb(VERBS, name, PREFIX), tail)
    home = getattr(args, "home", None) or options.home
    profile = getattr(args, "chosen_profile", None) or options.chosen_profile
    if name == "use":
        _refuse_session_switch(args, home)
    chosen = {"profile": profile} if profile else {}
    with closing(Session(announce=face.say, home=home, **chosen)) as session:
        if name == "top" and watchable():
            return watch(args, session)
        value = VERBS[name].execute(args, session, face)
        if getattr(args, "json", False):
            print(json.dumps(as_data(value), ensure_ascii=False, indent=2))  # noqa: T201 - a terminal's face prints
        else:
            face.show(value)
    return exit_code(value)


def _leading_options(words: list[str]) -> tuple[Namespace, list[str]]:
    """`--home` and `--debug` before the verb, and the words from the verb on."""
    parser = VerbParser(PREFIX)
    _add_general(parser)
    position = 0
    while position < len(words) and words[position].startswith("-"):
        flag, _, value = words[position].partition("=")
        if flag in ("-h", "--help", "--version"):
            break
        position += 2 if flag in ("--home", "--profile") and not value else 1
    options = parser.parse(words[:position])
    options.home = getattr(options, "home", None)
    options.chosen_profile = getattr(options, "chosen_profile", None)
    return options, words[position:]


def _parse(verb: Verb, words: list[str]) -> Namespace:
    parser = verb.parser(PREFIX)
    for each in (parser, *parser.actions.values()):
        _add_general(each)
    if not verb.text:
        args = verb.parse(parser, words)
    else:
        chosen, text = gather_options(parser, words)
        args = verb.parse(parser, chosen)
        args.text = _from_stdin() if text == "-" else text
    args.prefix, args.more = PREFIX, MORE
    return args


def _add_general(parser: VerbParser) -> None:
    if "--home" not in parser.flags:
        parser.add_argument("--home", metavar="PATH", default=SUPPRESS, help="the data directory")
    parser.add_argument(
        "--profile", dest="chosen_profile", metavar="NAME", default=SUPPRESS, help="a profile of janus.toml"
    )
    parser.add_argument("--debug", action="store_true", default=SUPPRESS, help="show the whole traceback of an error")


def _from_stdin() -> str:
    text = sys.stdin.read().strip()
    if not text:
        raise UsageError("nothing came on standard input", remedy="pipe the text in, or give it as words")
    return text


def _refuse_session_switch(args: Namespace, home: str | None) -> None:
    """A command's session ends with it, so there is nothing to switch for later."""
    if args.collection:
        file = settings_file(load_settings(home).home)
        _no_session(f'put `collection = "{args.collection}"` into {file}')
    if args.profile and not args.save:
        load_settings(home, profile=args.profile)  # one that is not there is told first
        _no_session(
            f"`janus use {args.profile} --save` keeps the profile in janus.toml; --profile counts for one command"
        )


def _no_session(remedy: str) -> NoReturn:
    raise SettingsError("a terminal command has no session to switch", remedy=remedy)
