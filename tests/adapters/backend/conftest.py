"""A stand-in for a server of models, and a model opened on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai_stand_in import StandIn, open_stand_in
from served_models import opened

from janus_lab.adapters.backend.openai_generation import ServedGeneration


@pytest.fixture
def model_server() -> Iterator[StandIn]:
    """A server that says what a test tells it to."""
    with open_stand_in() as server:
        yield server


@pytest.fixture
def served(model_server: StandIn) -> Iterator[ServedGeneration]:
    """Its model."""
    with opened(model_server.url, timeout_seconds=60.0) as backend:
        yield backend
