"""The key of clients: made once, kept from others, shown nowhere."""

from __future__ import annotations

import pytest

from janus_lab.errors import SettingsError
from janus_lab.serve.key import FILE, find_key


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = find_key(tmp_path)
    assert first.fresh
    assert len(first.value) > 40
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    again = find_key(tmp_path)
    assert (again.value, again.fresh) == (first.value, False)
    assert first.value not in repr(first)


def test_a_key_of_an_environment_variable_comes_first(tmp_path, monkeypatch):
    find_key(tmp_path)
    monkeypatch.setenv("MY_KEY", " a-key-that-is-long-enough \n")
    assert find_key(tmp_path, "MY_KEY").value == "a-key-that-is-long-enough"


@pytest.mark.parametrize(
    "value", ["", "short", "a key with spaces in it", "schlüssel-und-noch-mehr", "line\nbreaks-in-it-1234"]
)
def test_what_is_no_key_is_refused_without_being_shown(tmp_path, monkeypatch, value):
    monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(SettingsError) as refused:
        find_key(tmp_path, "MY_KEY")
    assert not value or value not in str(refused.value)


def test_a_key_that_others_can_read_is_refused(tmp_path):
    find_key(tmp_path)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(SettingsError, match="other users can read"):
        find_key(tmp_path)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(SettingsError, match="can't be kept"):
        find_key(tmp_path / "nowhere")
