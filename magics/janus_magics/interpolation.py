"""`{{name}}` in a line stands for the variable of that name; every other brace is text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")


def interpolate(text: str, variables: Mapping[str, Any]) -> str:
    """Replace `{{name}}` where `name` is a variable; JSON, LaTeX and unknown names arrive untouched. Nothing is evaluated."""
    return _NAME.sub(lambda match: str(variables[match[1]]) if match[1] in variables else match[0], text)
