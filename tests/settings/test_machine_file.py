"""Lines for this machine go between a person's own, which stay as they are, wherever they stand."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.errors import SettingsError
from janus_lab.settings import load_settings
from janus_lab.settings.dotenv import read_dotenv
from janus_lab.settings.machine_file import write_profile
from janus_lab.settings.own_lines import HEADING, marked, own_name, with_own
from janus_lab.values.hardware import Advice

ADVICE = (
    Advice("lease_ram_mb", 8000, 0, "most of it"),
    Advice("worker_threads", 6, 4, "one a processor"),
    Advice("sqlite_cache_mb", 32, 16, "little"),
)
SHARED = (*ADVICE, Advice("worker_processes", 3, 1, "several", "profiles.stack"))
SERVERS = (Advice("JANUS_QDRANT_LIMIT_MB", 4000, 2048, "an eighth"),)
MINE = """\
# mine
profile = 'embedded'   # for now
worker_threads = 2

# of the stack
[profiles.stack]   # my servers
redis_url = "redis://:geheim@localhost/0"
"""


def write(home, advice=ADVICE, servers=(), profile="embedded"):
    return write_profile(home, profile, advice, servers)


def persons_lines(text):
    return [line for line in text.split("\n") if not own_name(line) and line not in (HEADING, "")]


def test_a_file_is_made_where_there_is_none_and_a_second_time_changes_nothing(tmp_path):
    home = tmp_path / "new" / ".janus"
    written = write(home)
    file = home.parent / "janus.toml"
    assert written.files == (str(file),)
    assert "+lease_ram_mb = 8000" in written.diff
    assert load_settings(home, environment={}).lease_ram_mb == 8000
    assert all("  # " in line for line in file.read_text().splitlines() if own_name(line))
    again = write(home)
    assert (again.files, again.diff, again.kept) == ((), "", ())


def test_what_a_person_wrote_stays_and_is_named(tmp_path):
    file = tmp_path / "janus.toml"
    file.write_text(MINE)
    written = write(tmp_path)
    text = file.read_text()
    assert persons_lines(text) == persons_lines(MINE)
    assert text.index("lease_ram_mb") < text.index("# of the stack")
    assert [(one.name, one.proposed) for one in written.kept] == [("worker_threads", 6)]
    assert load_settings(tmp_path, environment={}).worker_threads == 2
    assert "geheim" not in written.diff
    assert "worker_threads" not in written.diff


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("lease_ram_mb = 8000", "lease_ram_mb = 7000"),
        ("# most of it", "# what I leave"),
        ("lease_ram_mb = 8000", "lease_ram_mb  = 8000"),
    ],
)
def test_a_line_that_a_person_changes_is_theirs_from_then_on(tmp_path, before, after):
    write(tmp_path)
    file = tmp_path / "janus.toml"
    file.write_text(file.read_text().replace(before, after))
    changed = file.read_text()
    written = write(tmp_path, [replace(ADVICE[0], value=1), *ADVICE[1:]])
    assert file.read_text() == changed
    assert [one.name for one in written.kept] == ["lease_ram_mb"]


def test_a_line_that_a_person_removes_comes_back_in_its_block(tmp_path):
    write(tmp_path)
    file = tmp_path / "janus.toml"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line for line in lines if "sqlite" not in line) + "\nlog_level = 'debug'\n")
    write(tmp_path)
    assert file.read_text().splitlines() == [*lines, "log_level = 'debug'"]


def test_another_machine_replaces_the_lines_and_drops_what_it_lacks(tmp_path):
    (tmp_path / "janus.toml").write_text(MINE)
    write(tmp_path)
    written = write(tmp_path, (replace(ADVICE[0], value=500, reason="less"),))
    text = (tmp_path / "janus.toml").read_text()
    assert tomllib.loads(text)["lease_ram_mb"] == 500
    assert "sqlite_cache_mb" not in text
    assert "-lease_ram_mb = 8000" in written.diff
    write(tmp_path, ())
    assert (tmp_path / "janus.toml").read_text() == MINE


def test_profiles_have_lines_of_their_own_and_leave_the_others(tmp_path):
    file = tmp_path / "janus.toml"
    file.write_text(MINE)
    write(tmp_path, SHARED, profile="stack")
    text = file.read_text()
    assert tomllib.loads(text)["profiles"]["stack"]["worker_processes"] == 3
    assert "worker_processes" not in tomllib.loads(text)
    assert write(tmp_path).diff == ""
    assert write(tmp_path, SHARED, profile="stack").diff == ""
    assert file.read_text() == text


def test_a_profile_without_a_table_gets_one_and_a_line_above_all_tables_counts_there_too(tmp_path):
    file = tmp_path / "janus.toml"
    write(tmp_path, SHARED, profile="stack")
    assert tomllib.loads(file.read_text())["profiles"] == {"stack": {"worker_processes": 3}}
    file.write_text("worker_processes = 2\n")
    assert [one.name for one in write(tmp_path, SHARED, profile="stack").kept] == ["worker_processes"]
    assert "profiles" not in tomllib.loads(file.read_text())


def test_a_setting_in_the_other_file_is_kept(tmp_path):
    home = tmp_path / ".janus"
    home.mkdir()
    (tmp_path / "janus.toml").write_text("")
    (home / "janus.toml").write_text("lease_ram_mb = 1\n")
    written = write(home)
    assert [(one.name, one.place) for one in written.kept] == [("lease_ram_mb", str(home / "janus.toml"))]
    assert "lease_ram_mb" not in (tmp_path / "janus.toml").read_text()


def test_variables_of_servers_go_into_the_file_of_secrets_which_is_not_shown(tmp_path):
    secrets = tmp_path / ".env"
    secrets.write_text("JANUS_REDIS_PASSWORD=geheim\nJANUS_NEO4J_HEAP_MB='900'\n")
    secrets.chmod(0o600)
    servers = (*SERVERS, Advice("JANUS_NEO4J_HEAP_MB", 2000, 1024, "a 16th"))
    written = write(tmp_path, (), servers)
    assert read_dotenv(secrets) == {
        "JANUS_REDIS_PASSWORD": "geheim",
        "JANUS_NEO4J_HEAP_MB": "900",
        "JANUS_QDRANT_LIMIT_MB": "4000",
    }
    assert "geheim" not in written.diff
    assert "+JANUS_QDRANT_LIMIT_MB=4000" in written.diff
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in written.kept] == ["JANUS_NEO4J_HEAP_MB"]
    assert write(tmp_path, (), servers).diff == ""


def test_the_environment_outranks_and_that_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("JANUS_LEASE_RAM_MB", "5")
    assert any("JANUS_LEASE_RAM_MB" in note for note in write(tmp_path).notes)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_endings_stay(tmp_path, ending):
    file = tmp_path / "janus.toml"
    file.write_bytes(MINE.replace("\n", ending).encode())
    write(tmp_path)
    assert set(MINE.replace("\n", ending).encode().split(b"\n")) <= set(file.read_bytes().split(b"\n"))
    assert write(tmp_path).diff == ""


@pytest.mark.parametrize(
    "text",
    [
        "collection = '''\n[x\n'''\n",
        "[profiles]\nstack = {worker_threads = 1}\n",
        'collection = """\nlease_ram_mb = 1\n"""\n',
    ],
)
def test_what_can_not_be_edited_for_certain_is_left_or_edited_rightly(tmp_path, text):
    file = tmp_path / "janus.toml"
    file.write_text(text)
    before = tomllib.loads(text)
    try:
        write(tmp_path, SHARED, profile="stack")
    except SettingsError:
        assert file.read_text() == text
    else:
        after = tomllib.loads(file.read_text())
        assert {name: after[name] for name in before if name != "profiles"} == {
            name: value for name, value in before.items() if name != "profiles"
        }
        assert after["lease_ram_mb"] == 8000


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    (tmp_path / "janus.toml").write_text("lease_ram_mb: 1")
    with pytest.raises(SettingsError):
        write(tmp_path)


NAMES = st.sampled_from(["a", "b", "c", "d"])
OWN = NAMES.map(lambda name: marked(f"{name} = 1  # why"))
LINES = st.lists(
    st.one_of(st.sampled_from(["", "# a word", "x = 1", "b = 2  # why [janus 00000000]", HEADING]), OWN), max_size=9
)
WANTED = st.dictionaries(NAMES, st.integers(0, 9)).map(
    lambda values: {name: marked(f"{name} = {value}  # why") for name, value in values.items()}
)


@given(LINES, WANTED)
def test_only_own_lines_ever_change(lines, wanted):
    once = with_own(lines, wanted)
    assert {own_name(line): line for line in once if own_name(line)} == wanted
    assert [line for line in once if not own_name(line) and line not in ("", HEADING)] == [
        line for line in lines if not own_name(line) and line not in ("", HEADING)
    ]
    assert with_own(once, wanted) == once
