"""Values to JSON-ready data and back, for the ledger and for events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from janus_lab.values.answer import Answer

if TYPE_CHECKING:
    from cattrs import Converter

Value = TypeVar("Value")


@cache
def _converter() -> Converter:
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
    from cattrs.preconf.json import make_converter

    converter = make_converter()
    # A function can't be kept; the lab that reads an answer back fills it in again.
    omit = override(omit=True)
    converter.register_unstructure_hook(Answer, make_dict_unstructure_fn(Answer, converter, reopen=omit))
    converter.register_structure_hook(Answer, make_dict_structure_fn(Answer, converter, reopen=omit))
    return converter


def to_json(value: Any) -> dict[str, Any]:
    """A value as plain dictionaries, lists, strings and numbers."""
    data: dict[str, Any] = _converter().unstructure(value)
    return data


def from_json(kind: type[Value], data: Mapping[str, Any]) -> Value:
    """The value of type `kind` that `to_json` made `data` from."""
    return _converter().structure(data, kind)
