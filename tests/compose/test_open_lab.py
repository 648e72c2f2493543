"""Opening a lab: where it lies, what it refuses, and that it closes what it opened."""

from __future__ import annotations

import os
import sqlite3
import subprocess

import pytest

from janus_lab import open_lab
from janus_lab.errors import DataDirectoryUnusable, DataTooNew, EngineRoomFailed, UnknownScheme
from janus_lab.schemes import factory


def test_a_data_directory_from_a_newer_version_is_refused_and_not_touched(tmp_path):
    with open_lab(tmp_path / "home", inline=True):
        pass
    database = tmp_path / "home" / "janus.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE janus_schema SET version_num = '9999'")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(DataTooNew) as caught:
        open_lab(tmp_path / "home", inline=True)
    assert "upgrade" in caught.value.remedy or "install" in caught.value.remedy
    assert database.read_bytes() == before


@pytest.mark.parametrize("inline", [True, False])
def test_a_home_that_can_not_be_made_is_refused_with_a_remedy(tmp_path, inline):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataDirectoryUnusable) as caught:
        open_lab(tmp_path / "file" / "home", inline=inline)
    assert "JANUS_HOME" in caught.value.remedy


def test_a_read_only_home_is_refused_with_a_remedy(tmp_path, needed):
    home = tmp_path / "home"
    home.mkdir()
    if os.geteuid() == 0:
        mounts = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(home)], check=False)
        if mounts.returncode != 0:
            pytest.skip("root writes everywhere, and nothing can be mounted here")
    else:
        home.chmod(0o500)
    try:
        with pytest.raises(DataDirectoryUnusable):
            open_lab(home)
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", str(home)], check=True)
        else:
            home.chmod(0o700)


def test_what_a_lab_keeps_is_its_owners_alone_even_in_a_folder_that_all_may_enter(tmp_path):
    home, page = tmp_path / "home", tmp_path / "page.txt"
    home.mkdir(mode=0o755)
    page.write_text("The pump was replaced in May.")
    with open_lab(home, inline=True) as lab:
        lab.plan(page)
        kept = {path.name: path.stat().st_mode & 0o077 for path in home.iterdir() if not path.name.endswith(".lock")}
    assert {"janus.db", "janus.db-wal", "objects", "vectors"} <= set(kept)
    assert not any(kept.values()), kept


def test_without_starting_what_needs_the_engine_room_says_how_to_start_it(tmp_path):
    with open_lab(tmp_path / "home", start=False) as lab:
        assert lab.documents() == []
        with pytest.raises(EngineRoomFailed) as caught:
            lab.search("anything")
        assert "up" in caught.value.remedy
        assert lab.runs() == []


def test_a_server_that_no_adapter_speaks_to_is_refused_instead_of_passed_over(tmp_path):
    with (
        open_lab(tmp_path / "home", redis_url="memcached://localhost:11211") as lab,
        pytest.raises(UnknownScheme) as caught,
    ):
        lab.search("anything")
    assert "redis://" in caught.value.remedy


def test_a_scheme_without_an_adapter_names_those_there_are():
    with pytest.raises(UnknownScheme) as caught:
        factory("vectors", "carrier-pigeon://loft")
    assert "edge://" in caught.value.remedy
