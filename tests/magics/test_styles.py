"""The styles of live displays: several displays stand on one page, in any order, and each brings the theme again."""

from __future__ import annotations

import re

import pytest

from janus_magics.widgets.assets import joined


@pytest.mark.parametrize("kind", ["board", "queue", "keys"])
def test_what_a_display_says_of_an_element_weighs_more_than_what_the_theme_says(kind):
    theme, own = joined("theme.css"), joined(f"{kind}.css")
    elements = {name for line in theme.splitlines() for name in re.findall(r"\.janus-live ([a-z]\w*)", line)}
    assert {"h3", "h4"} <= elements
    as_light = re.compile(rf"(?m)^\.janus-{kind} ({'|'.join(elements)})\b")
    assert as_light.findall(own) == []
