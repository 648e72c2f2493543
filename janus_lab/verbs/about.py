"""`help` and `version`."""

from __future__ import annotations

import difflib
from argparse import Namespace
from collections.abc import Mapping

from janus_lab.errors import UsageError
from janus_lab.verbs.face import Face
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


def define_topic(parser: VerbParser) -> None:
    """`help [VERB [ACTION]]`."""
    parser.add_argument("topic", nargs="*", metavar="VERB", help="a verb, and one of its actions")


def overview(verbs: Mapping[str, Verb], prefix: str, more: str = "") -> str:
    """All verbs, a line each."""
    lines = [
        f"usage: {prefix} VERB [options] …",
        "",
        "Ingest documents, search them, ask them; answers cite the exact text.",
        "",
    ]
    lines += [f"  {name:<10} {verb.summary}" for name, verb in verbs.items()]
    lines += ["", f"`{prefix} VERB --help` shows a verb's options and examples."]
    return "\n".join(lines) + (f"\n{more}" if more else "")


def help_text(verbs: Mapping[str, Verb], topic: list[str], prefix: str, more: str = "") -> str:
    """Help on a topic: nothing, a verb, or a verb and one of its actions. Raises UsageError for an unknown one."""
    if not topic:
        return overview(verbs, prefix, more)
    parser = find_verb(verbs, topic[0], prefix).parser(prefix)
    for action in topic[1:2]:
        if action not in parser.actions:
            raise UsageError(f"{topic[0]} has no action {action!r}", remedy=f"see `{prefix} {topic[0]} --help`")
        parser = parser.actions[action]
    return parser.format_help().rstrip()


def find_verb(verbs: Mapping[str, Verb], name: str, prefix: str) -> Verb:
    """The verb of that name. Raises UsageError with the nearest names."""
    if name in verbs:
        return verbs[name]
    near = difflib.get_close_matches(name, verbs, 1)
    raise UsageError(
        f"there is no verb {name!r}",
        remedy=f"did you mean `{prefix} {near[0]}`?" if near else f"`{prefix} help` lists the verbs",
    )


def _define_version(_parser: VerbParser) -> None:
    """No options."""


def _version(_args: Namespace, _session: Session, _face: Face) -> object:
    from janus_lab import __version__

    return f"Janus Lab {__version__}"


VERSION = Verb("version", "The version of Janus Lab.", _define_version, _version, ("version",))
