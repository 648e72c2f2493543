"""`janus completion SHELL`: a script that completes verbs, actions, options and paths, made from the verbs themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.table import VERBS

_BASH = """\
# Completion for janus: add `source <(janus completion bash)` to ~/.bashrc
_janus() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" known=""
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then known="{verbs}"; fi
  COMPREPLY=($(compgen -W "$known" -- "$word"))
  if [ "$COMP_CWORD" -gt 1 ]; then COMPREPLY+=($(compgen -f -- "$word")); fi
}}
complete -o filenames -F _janus janus"""


def completion(words: Sequence[str]) -> str:
    """The script for the shell named. Raises UsageError, HelpRequested."""
    scripts: dict[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    parser = VerbParser("janus completion", "Print completion for a shell.", ["janus completion bash"])
    parser.add_argument("shell", choices=list(scripts))
    return scripts[parser.parse(words).shell]()


def _known() -> Iterator[tuple[str, list[str]]]:
    for name, verb in VERBS.items():
        parser = verb.parser("janus")
        flags = {flag for each in (parser, *parser.actions.values()) for flag in each.flags if flag.startswith("--")}
        choices = [str(c) for a in parser._actions if not a.option_strings for c in (a.choices or ())]  # noqa: SLF001
        yield name, [*choices, *sorted(flags)]


def _bash() -> str:
    cases = "\n".join(f'    {name}) known="{" ".join(words)}" ;;' for name, words in _known())
    return _BASH.format(cases=cases, verbs=" ".join(VERBS))


def _zsh() -> str:
    return "autoload -Uz bashcompinit && bashcompinit\n" + _bash().replace(
        "`source <(janus completion bash)` to ~/.bashrc", "`source <(janus completion zsh)` to ~/.zshrc, after compinit"
    )


def _fish() -> str:
    lines = ["# Completion for janus: `janus completion fish > ~/.config/fish/completions/janus.fish`"]
    for name, words in _known():
        summary = VERBS[name].summary.replace("'", "\\'")
        lines.append(f"complete -c janus -n __fish_use_subcommand -a {name} -d '{summary}'")
        for word in words:
            kind = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            lines.append(f"complete -c janus -n '__fish_seen_subcommand_from {name}' {kind}")
    return "\n".join(lines)
