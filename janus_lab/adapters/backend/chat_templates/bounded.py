"""Jinja's sandbox, with bounds on what a template may take."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jinja2 import BaseLoader, Environment, Template, TemplateError, nodes, pass_context
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from janus_lab.adapters.backend.chat_templates.budget import CHARACTERS, Budget, TemplateTooCostly, computed, plain

LONGEST_TEMPLATE = 300_000
RANGE = 10_000
_UNGUESSED = secrets.token_hex(8)
_BUDGET, _TURN, _JOIN, _PLAIN = (f"_{name}_{_UNGUESSED}" for name in ("budget", "turn", "join", "plain"))
"""Names of ours within templates, which none can set anew."""
_WIDEST_INDENT = 32
_FILTERS = {
    *("abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby"),
    *("int", "items", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse"),
    *("round", "safe", "select", "selectattr", "sort", "string", "title", "trim", "truncate", "unique", "upper"),
    "wordcount",
}
_SHALLOW = {"length", "count", "first", "last", "default", "d"}
"""Filters that do not look at what a value holds."""
_METHODS = {
    *("capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdigit", "islower"),
    *("isspace", "isupper", "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace"),
    *("rfind", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title"),
    "upper",
}
"""Of strings: none that makes much of little, but for those that are counted."""


class _Generation(Extension):
    """`{% generation %}` marks what the assistant says, for training; it changes nothing here."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja's extensions have it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """What stands between the tags."""
        parser.stream.skip(1)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Runs templates of strangers: no attributes but harmless ones, no files, and no more than a `Budget` allows."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self) -> None:
        super().__init__(
            loader=BaseLoader(),
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[_Generation, loopcontrols],
            finalize=_written,
            cache_size=0,
        )
        self.filters = {name: _guarded(name, known) for name, known in self.filters.items() if name in _FILTERS}
        self.filters |= {"join": _join, "replace": _replace, "indent": _indent, "tojson": _json}
        self.globals = {name: known for name, known in self.globals.items() if name != "lipsum"}
        self.globals |= {"range": _range, "raise_exception": _raise, "strftime_now": _now}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja's signature
        """What an operator makes of two values."""
        return computed(operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may read that."""
        if isinstance(obj, str) and attr not in _METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ARG002 - Jinja's signature
        """Nothing: what formats text to any width may not be read at all."""
        return None

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call something; what makes long texts of short ones is counted."""
        text = getattr(obj, "__self__", None)
        if isinstance(text, str):
            name = getattr(obj, "__name__", "")
            if name == "join":
                return _budget(context).joined(args[0], text)
            if name == "replace":
                return _budget(context).replaced(text, *args)
        return super().call(context, obj, *args, **kwargs)

    def bounded(self, source: str) -> Template:
        """A template whose every turn of a loop and every call of a macro is counted. Raises TemplateError."""
        if len(source) > LONGEST_TEMPLATE:
            raise TemplateTooCostly("the template is too long")
        return self.from_string(_counted(self, self.parse(source)))

    @staticmethod
    def rendered(template: Template, **values: Any) -> str:
        """What it writes. Raises TemplateError, TemplateTooCostly, or whatever else goes wrong in it."""
        budget = Budget()
        given = {_BUDGET: budget, _TURN: budget.turn, _JOIN: budget.joined, _PLAIN: plain}
        pieces, length = [], 0
        for piece in template.generate(**values, **given):
            pieces.append(piece)
            length += len(piece)
            if length > CHARACTERS:
                raise TemplateTooCostly("the template writes too much")
        return "".join(pieces)


def _counted(environment: Environment, tree: nodes.Template) -> nodes.Template:
    """The same program, with a call of ours at every turn, and where values are compared or texts joined."""
    for node in list(tree.find_all(nodes.Node)):
        if isinstance(node, nodes.For | nodes.Macro | nodes.CallBlock):
            written = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
            node.body.insert(0, nodes.ExprStmt(_call(_TURN, nodes.Const(written))))
        if isinstance(node, nodes.For) and node.test is not None:
            node.test = nodes.And(_call(_TURN), node.test)
        if isinstance(node, nodes.Concat):
            node.nodes = [_call(_JOIN, nodes.List(node.nodes))]
        if isinstance(node, nodes.Compare):
            node.expr = _call(_PLAIN, node.expr)
            for operand in node.ops:
                operand.expr = _call(_PLAIN, operand.expr)
    tree.set_environment(environment)
    tree.set_lineno(1)
    return tree


def _call(name: str, *arguments: nodes.Expr) -> nodes.Call:
    return nodes.Call(nodes.Name(name, "load"), list(arguments), [], None, None)


def _budget(context: Context) -> Budget:
    found = context.parent.get(_BUDGET)
    assert isinstance(found, Budget)  # noqa: S101 - what a template sets does not stand there
    return found


@pass_context
def _written(context: Context, value: Any) -> Any:
    """Everything that is written between braces."""
    if isinstance(value, str):
        _budget(context).write(len(value))
        return value
    text = str(plain(value))
    _budget(context).write(len(text))
    return text


def _guarded(name: str, known: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja's that takes its turn, and no value that holds too much."""
    wanted = getattr(known, "jinja_pass_arg", None)

    @pass_context
    def guarded(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        _budget(context).turn()
        if name not in _SHALLOW:
            plain(value)
        given = {"context": (context,), "eval_context": (context.eval_ctx,), "environment": (context.environment,)}
        return known(*given.get(wanted.name if wanted else "", ()), value, *args, **kwargs)

    return guarded


@pass_context
def _join(context: Context, value: Any, d: str = "", attribute: str | None = None) -> str:
    items = value if attribute is None else (context.environment.getitem(item, attribute) for item in value)
    return _budget(context).joined(items, str(d))


@pass_context
def _replace(context: Context, s: Any, old: str, new: str, count: int | None = None) -> str:
    return _budget(context).replaced(str(s), str(old), str(new), count)


@pass_context
def _indent(context: Context, s: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002 - Jinja's signature
    margin = width if isinstance(width, str) else " " * max(0, min(int(width), _WIDEST_INDENT))
    lines = str(s).split("\n")
    _budget(context).write(len(margin) * len(lines))
    told = [margin + line if line or blank else line for line in lines]
    return "\n".join(told if first else [lines[0], *told[1:]])


def _json(
    value: Any,
    ensure_ascii: bool = False,  # noqa: FBT001, FBT002 - as templates call it
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,  # noqa: FBT001, FBT002 - as templates call it
) -> str:
    depth = None if indent is None else min(int(indent), _WIDEST_INDENT)
    return json.dumps(plain(value), ensure_ascii=ensure_ascii, indent=depth, separators=separators, sort_keys=sort_keys)


def _range(*bounds: int) -> range:
    if len(found := range(*bounds)) > RANGE:
        raise TemplateTooCostly("the template counts too far")
    return found


def _raise(message: str) -> str:
    raise TemplateError(str(message))


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(str(form)[:100])
