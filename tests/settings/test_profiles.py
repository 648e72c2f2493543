"""Profiles, placeholders, and that no password is shown."""

from __future__ import annotations

import pytest

from janus_lab.errors import SettingsError
from janus_lab.settings import FOLDER, load_settings
from janus_lab.settings.edit import add_profile, save_profile
from janus_lab.settings.profiles import known_profiles

SECRET = "s3cret/?#@:pass"
FILE = """\
# my own notes
collection = "papers"  # for now
worker_threads = 2

[profiles.stack]
relational_url = "postgresql+psycopg://janus:${JANUS_POSTGRES_PASSWORD}@127.0.0.1:${JANUS_POSTGRES_PORT}/janus"
worker_threads = 6  # many

[profiles.half]
redis_url = "redis://localhost/0"
"""


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    (tmp_path / "janus.toml").write_text(FILE)
    (tmp_path / ".env").write_text(f"JANUS_POSTGRES_PASSWORD='{SECRET}'\nexport JANUS_POSTGRES_PORT=5433\n")
    return folder


def test_a_profile_counts_where_it_is_chosen(home):
    embedded = load_settings(home, environment={})
    assert (embedded.profile, embedded.worker_threads, embedded.relational_url[:9]) == ("embedded", 2, "sqlite://")
    for stack in (
        load_settings(home, environment={"JANUS_PROFILE": "stack"}),
        load_settings(home, environment={"JANUS_PROFILE": "half"}, profile="stack"),
    ):
        assert (stack.profile, stack.collection, stack.worker_threads) == ("stack", "papers", 6)
        assert list(stack.servers()) == ["relational_url"]
    assert load_settings(home, environment={"JANUS_WORKER_THREADS": "9"}, profile="stack").worker_threads == 9


def test_the_inner_files_profile_outranks_the_outer(home):
    (home / "janus.toml").write_text("profile = 'half'\nworker_threads = 3\n[profiles.stack]\nworker_threads = 7\n")
    assert load_settings(home, environment={}).profile == "half"
    assert load_settings(home, environment={}, profile="stack").worker_threads == 7
    assert known_profiles(home) == ["embedded", "stack", "half"]


def test_placeholders_are_filled_in_percent_encoded(home):
    url = load_settings(home, environment={}, profile="stack").relational_url
    assert url == "postgresql+psycopg://janus:s3cret%2F%3F%23%40%3Apass@127.0.0.1:5433/janus"
    from_environment = load_settings(home, environment={"JANUS_POSTGRES_PASSWORD": "x"}, profile="stack")
    assert from_environment.relational_url.startswith("postgresql+psycopg://janus:x@")


def test_a_placeholder_that_is_the_whole_url_is_taken_as_it_is(home):
    whole = load_settings(home, environment={"DATABASE": "postgresql://u:p%20w@h/d"}, relational_url="${DATABASE}")
    assert whole.relational_url == "postgresql://u:p%20w@h/d"


def test_a_placeholder_without_a_value_is_named_with_its_file(home):
    (home.parent / ".env").write_text("JANUS_POSTGRES_PORT=1\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(home, environment={}, profile="stack")
    for part in (
        "JANUS_POSTGRES_PASSWORD",
        str(home.parent / ".env"),
        str(home.parent / "janus.toml"),
        "relational_url",
    ):
        assert part in caught.value.message
    load_settings(home, environment={})  # another profile needs none


def test_a_stack_without_servers_is_refused_with_the_way_to_get_them(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environment={}, profile="stack")
    assert "janus init --stack" in caught.value.remedy


def test_an_unknown_profile_is_answered_with_the_known_ones(home):
    with pytest.raises(SettingsError) as caught:
        load_settings(home, environment={}, profile="stak")
    assert "embedded, stack, half" in caught.value.remedy


@pytest.mark.parametrize(
    "text", ["profiles = 3", "[profiles]\nstack = 3", "[profiles.embedded]\nprofile = 'x'", "profile = 3"]
)
def test_a_profile_that_means_nothing_is_refused(tmp_path, text):
    (tmp_path / "janus.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environment={})
    assert str(tmp_path / "janus.toml") in caught.value.message


def test_settings_show_no_password(home):
    settings = load_settings(home, environment={}, profile="stack", redis_url=f"redis://:{SECRET}@h:1/0?password=pw2")
    shown = repr(settings)
    assert "postgresql+psycopg://127.0.0.1:5433/janus" in shown
    assert not any(part in shown for part in ("s3cret", ":pass", "pw2"))
    with pytest.raises(SettingsError) as caught:
        load_settings(home, environment={}, relational_url=["postgresql://janus:s3cret@h/d"])
    assert "s3cret" not in "".join(caught.value.lines()) + repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'profile = "stack"\n'),
        ("# note\n", '# note\nprofile = "stack"\n'),
        ("a = 1", 'a = 1\nprofile = "stack"\n'),
        ("profile = 'half'  # why\n[profiles.half]\n", 'profile = "stack"  # why\n[profiles.half]\n'),
        (
            "# x\n\n[profiles.half] # y\nprofile_x = 1\n",
            '# x\n\nprofile = "stack"\n\n[profiles.half] # y\nprofile_x = 1\n',
        ),
    ],
)
def test_saving_a_profile_keeps_every_other_line(tmp_path, before, after):
    (tmp_path / "janus.toml").write_text(before)
    assert save_profile(tmp_path, "stack") == tmp_path / "janus.toml"
    assert (tmp_path / "janus.toml").read_text() == after


def test_a_file_that_can_not_be_edited_safely_stays_as_it_is(tmp_path):
    tricky = 'log_level = """\nprofile = "x"\n"""\n'
    (tmp_path / "janus.toml").write_text(tricky)
    with pytest.raises(SettingsError, match="does not dare"):
        save_profile(tmp_path, "stack")
    assert (tmp_path / "janus.toml").read_text() == tricky


def test_saving_goes_into_the_file_that_counts_and_through_links(home, tmp_path):
    (home / "janus.toml").write_text("profile = 'embedded'\n")
    assert save_profile(home, "stack") == home / "janus.toml"
    (home / "janus.toml").unlink()
    real = tmp_path / "real.toml"
    (tmp_path / "janus.toml").rename(real)
    real.chmod(0o640)
    (tmp_path / "janus.toml").symlink_to(real)
    save_profile(home, "stack")
    assert (tmp_path / "janus.toml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert load_settings(home, environment={}).profile == "stack"
    assert FILE.splitlines()[0] == real.read_text().splitlines()[0]


def test_a_profile_is_added_once(tmp_path):
    file = tmp_path / "janus.toml"
    file.write_text("collection = 'x'")
    assert add_profile(file, "stack", 'redis_url = "redis://h/0"\n')
    assert not add_profile(file, "stack", 'redis_url = "redis://other/0"\n')
    assert file.read_text() == "collection = 'x'\n\n[profiles.stack]\nredis_url = \"redis://h/0\"\n"
