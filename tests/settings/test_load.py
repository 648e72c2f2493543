"""Settings: who outranks whom, what is refused, and that each of them changes something."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import janus_lab
from janus_lab.errors import SettingsError
from janus_lab.settings import FOLDER, Settings, find_home, load_settings, unknown_variables

SOURCES = Path(janus_lab.__file__).parent


def test_the_call_outranks_the_environment_and_that_the_inner_file_and_that_the_outer(tmp_path):
    home = tmp_path / FOLDER
    home.mkdir()
    (tmp_path / "janus.toml").write_text("collection = 'a'\nanswer_tokens = 1\nworker_threads = 1\ncontext_tokens = 1")
    (home / "janus.toml").write_text("answer_tokens = 2\nworker_threads = 2\ncontext_tokens = 2")
    environment = {"JANUS_WORKER_THREADS": "3", "JANUS_CONTEXT_TOKENS": "3", "JANUS_NO_SETTING": "3"}
    found = load_settings(home, environment=environment, context_tokens=4)
    assert (found.collection, found.answer_tokens, found.worker_threads, found.context_tokens) == ("a", 2, 3, 4)


def test_home_is_the_variable_or_the_nearest_folder_upwards(tmp_path):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    assert find_home(tmp_path / "deep" / "er", {}) == tmp_path / FOLDER
    assert find_home(tmp_path / "deep", {"JANUS_HOME": str(tmp_path / "other")}) == tmp_path / "other"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colection", "typing error"),
        ("chunk_characters", "many"),
        ("chunk_characters", 0),
        ("file_limit_mb", -1),
        ("idle_seconds", "nan"),
        ("model_cache", "beside/me"),
        ("collection", True),
        ("collection", ["a", "b"]),
        ("worker_threads", True),
    ],
)
def test_what_means_nothing_is_refused_and_named(tmp_path, name, value):
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environment={}, **{name: value})
    assert name in caught.value.message


def test_a_file_that_is_no_toml_is_refused_and_named(tmp_path):
    (tmp_path / "janus.toml").write_text("collection: papers")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environment={})
    assert str(tmp_path / "janus.toml") in caught.value.message


def test_an_unknown_key_of_a_file_is_answered_with_keys_that_a_file_may_have(tmp_path):
    (tmp_path / "janus.toml").write_text("colection = 'papers'")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environment={})
    offered = caught.value.remedy.removeprefix("use one of: ").split(", ")
    assert set(offered) == {field.name for field in fields(Settings)} - {"home"}


def test_variables_that_are_no_settings_are_found_with_what_they_resemble():
    environment = dict.fromkeys(
        ["JANUS_HOME", "JANUS_MODEL_CACHE", "JANUS_COLLECTION", "JANUS_DEMO_HOME", "JANUS_TEST_SLOW", "HOME", "JANUSZ"],
        "x",
    )
    assert unknown_variables(environment) == {}
    environment |= {"JANUS_COLECTION": "papers", "JANUS_XYZ": "1"}
    assert unknown_variables(environment) == {"JANUS_COLECTION": "JANUS_COLLECTION", "JANUS_XYZ": ""}


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_read_somewhere(name):
    read = re.compile(rf"""settings\.{name}\b|\.url\("{name}"\)""")
    readers = [
        file for file in SOURCES.rglob("*.py") if file.parent.name != "settings" and read.search(file.read_text())
    ]
    by_another = re.search(rf"self\.{name}\b", (SOURCES / "settings" / "settings.py").read_text())
    assert readers or by_another


def test_a_url_that_was_filled_in_may_be_set_again(tmp_path):
    filled = load_settings(tmp_path, environment={}).url("relational_url")
    assert filled.endswith("?cache_mb=16")
    assert load_settings(tmp_path, environment={"JANUS_RELATIONAL_URL": filled}).url("relational_url") == filled


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("0", False), ("No", False)])
def test_what_is_on_or_off_may_be_a_word(tmp_path, written, meant):
    environment = {"JANUS_MODEL_FALLBACK": written}
    assert load_settings(tmp_path, environment=environment).model_fallback is meant


def test_what_is_neither_on_nor_off_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="true or false"):
        load_settings(tmp_path, hub_offline="perhaps")
