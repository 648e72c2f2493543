"""Every row of the scheme tables leads to an adapter that can be opened."""

from __future__ import annotations

import inspect
import re

import pytest

from janus_lab.errors import UnknownScheme
from janus_lab.schemes import TABLES, factory
from janus_lab.settings import load_settings

ROWS = [(port, scheme) for port, table in TABLES.items() for scheme in table]


@pytest.mark.parametrize(("port", "scheme"), ROWS)
def test_a_row_resolves(port: str, scheme: str) -> None:
    opened = factory(port, f"{scheme}://somewhere")
    assert opened.__name__.startswith("open_")
    assert hasattr(opened, "__wrapped__"), "a factory is a context manager"
    assert inspect.getdoc(opened)
    assert re.fullmatch(r"(open_)[a-z_]+", opened.__name__)


@pytest.mark.parametrize("port", TABLES)
def test_an_unknown_scheme_is_told_with_the_known_ones(port: str) -> None:
    with pytest.raises(UnknownScheme) as caught:
        factory(port, "carrier-pigeon://loft")
    assert all(f"{scheme}://" in caught.value.remedy for scheme in TABLES[port])


@pytest.mark.parametrize(
    "name", ["relational_url", "objects_url", "vectors_url", "embedding_model", "generation_model"]
)
def test_the_defaults_have_adapters(tmp_path, name: str) -> None:
    scheme = load_settings(tmp_path, environment={}).url(name).partition(":")[0]
    assert any(scheme in table for table in TABLES.values())
