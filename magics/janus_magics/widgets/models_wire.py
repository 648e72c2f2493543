"""Models as they travel to the browser: texts ready to be shown (as text), and bytes for bars."""

from __future__ import annotations

from typing import Any

from janus_lab.values.model_status import DeviceMemory, ModelView
from janus_lab.values.size import size
from janus_lab.verbs.plain.models import HEADER, cells, legend, searched, troubles
from janus_lab.verbs.plain.printable import one_line


def sections(view: ModelView) -> dict[str, Any]:
    """The table of models, words on it and on those that can't be used, and a bar for each memory."""
    return {
        "header": list(HEADER),
        "models": [list(cells(one)) for one in view.models],
        "notes": [text for text in (*searched(view), legend(view)) if text],
        "troubles": [list(told) for told in troubles(view)],
        "memory": [_bar(one) for one in view.memory],
    }


def _bar(value: DeviceMemory) -> dict[str, Any]:
    """One memory: its name, its size, and its parts as kind, whose they are, per mille of the whole, and text."""
    parts = [
        *(("weights", one.model, one.weights) for one in value.shares),
        *(("cache", one.model, one.cache) for one in value.shares),
        *(("buffers", one.model, one.compute) for one in value.shares),
        ("leased", "", value.leased),
        ("others", "", value.others),
        ("free", "", value.free),
    ]
    return {
        "name": one_line(value.name, 80),
        "total": size(value.total),
        "parts": [
            [kind, one_line(whose, 80), round(1000 * amount / max(1, value.total)), size(amount)]
            for kind, whose, amount in parts
            if amount > 0
        ],
    }
