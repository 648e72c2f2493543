"""What a request's JSON says, field by field; whatever is wrong is refused by the field's name."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from janus_lab.serve.refusals import Refused, wrong
from janus_lab.values.run import Priority

_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "top_p": (1,),
    "top_k": (-1, 0),
    "min_p": (0,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repetition_penalty": (1,),
    "logit_bias": ({},),
    "logprobs": (False, 0),
    "top_logprobs": (0,),
    "echo": (False,),
    "suffix": ("",),
    "functions": ([],),
    "function_call": (),
    "parallel_tool_calls": (True,),
    "reasoning_effort": ("none",),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
    "modalities": (["text"],),
}
"""Fields that are not kept to, with the values that ask for nothing."""
_PASSED_OVER = frozenset(
    ("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention")
)
"""Fields that change nothing in a reply."""


class Fields:
    """A JSON object of a request. A field that is null is as if it were not there."""

    def __init__(self, body: Mapping[str, Any], within: str = "") -> None:
        self._body = body
        self._within = within

    def refuse_unkept(self, kept: Collection[str]) -> None:
        """Refuse what would silently not be done: fields beside those that are `kept`, unless they ask for nothing."""
        for name, value in self._body.items():
            if value is None or name in kept or name in _PASSED_OVER or value in _NEUTRAL.get(name, ()):
                continue
            if name in _NEUTRAL:
                raise Refused(400, "unsupported_parameter", f"{name} is not supported here", field=name)
            raise Refused(400, "unknown_parameter", f"there is no field {name[:100]!r} here", field=name[:100])

    def expect(self, name: str, only: object) -> None:
        """A field that may have one value alone."""
        if self._value(name, only) != only:
            raise Refused(400, "unsupported_parameter", f"{self.path(name)} can only be {only!r} here", field=name)

    def get(self, name: str) -> Any:
        """The field as it is."""
        return self._body.get(name)

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self._value(name, default)
        if not isinstance(value, str):
            raise wrong(self.path(name), "a string is expected")
        return value

    def needed(self, name: str) -> str:
        """A string that must be there."""
        if self._body.get(name) is None:
            raise Refused(400, "missing_required_parameter", f"{self.path(name)} is missing", field=self.path(name))
        return self.text(name)

    def flag(self, name: str) -> bool:
        """True or false; false if it is not there."""
        value = self._value(name, False)
        if not isinstance(value, bool):
            raise wrong(self.path(name), "true or false is expected")
        return value

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number between bounds; None if it is not there."""
        value = self._value(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise wrong(self.path(name), f"a whole number from {least} to {most} is expected")
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """A number between bounds."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise wrong(self.path(name), "a number is expected")
        if not least <= value <= most:
            raise wrong(self.path(name), f"a number from {least} to {most} is expected")
        return float(value)

    def inner(self, name: str) -> Fields:
        """An object within; empty if it is not there."""
        value = self._value(name, {})
        if not isinstance(value, dict):
            raise wrong(self.path(name), "an object is expected")
        return Fields(value, self.path(name))

    def items(self, name: str) -> list[Any]:
        """A list; empty if it is not there."""
        value = self._value(name, [])
        if not isinstance(value, list):
            raise wrong(self.path(name), "a list is expected")
        return value

    def objects(self, name: str) -> list[Fields]:
        """A list of objects; empty if it is not there."""
        found = []
        for number, item in enumerate(self.items(name)):
            if not isinstance(item, dict):
                raise wrong(f"{self.path(name)}[{number}]", "an object is expected")
            found.append(Fields(item, f"{self.path(name)}[{number}]"))
        return found

    def stops(self) -> tuple[str, ...]:
        """`stop`: one string or up to four, none of them empty."""
        value = self._body.get("stop")
        texts = [value] if isinstance(value, str) else value or []
        if not isinstance(texts, list) or len(texts) > 4 or not all(isinstance(t, str) and t for t in texts):  # noqa: PLR2004
            raise wrong("stop", "a string, or up to four, none of them empty, are expected")
        return tuple(texts)

    def priority(self) -> Priority:
        """How urgent it is: interactive unless the field `priority` says otherwise."""
        name = self.text("priority", Priority.INTERACTIVE)
        if name not in tuple(Priority):
            raise wrong("priority", f"one of {', '.join(Priority)} is expected")
        return Priority(name)

    def path(self, name: str) -> str:
        """The field's name from the outside."""
        return f"{self._within}.{name}" if self._within else name

    def _value(self, name: str, default: Any) -> Any:
        value = self._body.get(name)
        return default if value is None else value
