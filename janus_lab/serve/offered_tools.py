"""Tools that a chat offers to the model, and whether it must call one."""

from __future__ import annotations

import json

from janus_lab.serve.fields import Fields
from janus_lab.serve.refusals import Refused, wrong
from janus_lab.values.generation import ANY_TOOL, Tool

TOOLS_AT_MOST = 128
_CHOICES = {"auto": "", "none": "", "required": ANY_TOOL}


def read_tools(fields: Fields) -> tuple[tuple[Tool, ...], str]:
    """The tools, and which must be called: "" for none, `ANY_TOOL`, or a tool's name. Raises Refused."""
    tools = tuple(_tool(each) for each in fields.objects("tools"))
    if len(tools) > TOOLS_AT_MOST:
        raise wrong("tools", f"at most {TOOLS_AT_MOST} are expected")
    choice = fields.get("tool_choice")
    if isinstance(choice, dict):
        must_call = _named(fields)
    elif choice is None or (isinstance(choice, str) and choice in _CHOICES):
        must_call = _CHOICES[choice or "auto"]
    else:
        raise wrong("tool_choice", f"one of {', '.join(_CHOICES)}, or a function, is expected")
    if choice == "none":
        return (), ""
    if must_call and not tools:
        raise Refused(400, "missing_required_parameter", "tool_choice needs tools", field="tools")
    if must_call not in ("", ANY_TOOL, *(tool.name for tool in tools)):
        raise wrong("tool_choice", f"there is no tool {must_call[:100]!r}")
    return tools, must_call


def _named(fields: Fields) -> str:
    choice = fields.inner("tool_choice")
    if choice.text("type", "function") != "function":
        raise wrong("tool_choice.type", "function is expected")
    return choice.inner("function").needed("name")


def _tool(fields: Fields) -> Tool:
    if fields.text("type", "function") != "function":
        raise wrong(fields.path("type"), "function is expected")
    function = fields.inner("function")
    function.inner("parameters")
    return Tool(function.needed("name"), function.text("description"), json.dumps(function.get("parameters") or {}))
