"""A lab that serves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving import Offer, offered

from janus_lab import open_lab


@pytest.fixture(scope="module")
def offer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offer]:
    """One lab for all tests of a file."""
    home = tmp_path_factory.mktemp("served") / ".janus"
    home.mkdir()
    with open_lab(home, inline=True) as lab, offered(lab) as offer:
        yield offer
