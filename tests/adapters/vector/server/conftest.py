"""What tests of the server's adapter share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from janus_lab.values.ids import content_id
from janus_lab.values.vector import Point

DIMENSIONS = 16


@pytest.fixture
def point() -> Callable[..., Point]:
    """Makes a point of a name, always the same for the same name."""

    def make(name: str, text: str = "quokka", **payload) -> Point:
        numbers = np.random.default_rng(sum(map(ord, name))).standard_normal(DIMENSIONS).astype(np.float32)
        return Point(content_id("chunk", name), numbers / np.linalg.norm(numbers), text, payload)

    return make
