"""`profile` shows what a machine can do, and writes the settings that suit it; in a terminal, as HTML, as data."""

from __future__ import annotations

import json
from dataclasses import replace

import inventories
import pytest

from janus_lab import open_lab
from janus_lab.adapters.probe.inventory import write_inventory
from janus_lab.cli import main
from janus_lab.settings import load_settings
from janus_lab.verbs.plain import plain
from janus_lab.verbs.session import Session
from janus_magics.render import html


@pytest.fixture
def on(tmp_path, monkeypatch):
    """Makes this machine look like another one; gives a data directory."""

    def change(name, **sample):
        written = tmp_path / "machine.json"
        write_inventory(written, replace(inventories.inventory(name).sample, **sample))
        monkeypatch.setenv("JANUS_PROBE_URL", f"inventory://{written}")
        return tmp_path / "lab" / ".janus"

    return change


def test_a_terminal_is_told_machine_models_and_settings(on, capsys):
    assert main(["--home", str(on("workstation-24gb")), "profile"]) == 0
    told = capsys.readouterr().out
    assert "NVIDIA GeForce RTX 4090, 24.0 GiB" in told
    assert "vram:0" in told
    assert "lease_vram_mb" in told
    assert "SmolLM2" in told
    assert max(map(len, told.splitlines())) < 150


def test_what_is_written_counts_and_is_said_to(on, capsys):
    home = on("laptop")
    assert main(["--home", str(home), "profile", "--write"]) == 0
    assert "+lease_ram_mb = 14744" in capsys.readouterr().out
    settings = load_settings(home)
    assert (settings.lease_ram_mb, settings.model_threads, settings.worker_threads) == (14744, 16, 16)
    assert main(["--home", str(home), "profile", "--write"]) == 0
    assert "Nothing to change" in capsys.readouterr().out


def test_data_hold_what_a_program_needs(on, capsys):
    assert main(["--home", str(on("mig")), "profile", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [device["id"] for device in told["inventory"]["sample"]["devices"]] == ["0.1", "0.5", "0.6"]
    assert {one["name"] for one in told["settings"]} >= {"lease_ram_mb", "model_threads"}
    assert {"name", "place", "needed_bytes", "lacking_bytes"} <= told["models"][0].keys()


def test_python_has_it_in_as_many_lines(on):
    home = on("container")
    with open_lab(home) as lab:
        found = lab.hardware.profile()
        lab.hardware.write()
    assert load_settings(home).model_threads == 1
    assert found.notes


def test_servers_here_get_variables_beside_their_compose_file(on, capsys):
    home = on("server-4x80gb")
    assert main(["init", "--stack", str(home.parent)]) == 0
    compose = (home.parent / "compose.yaml").read_text()
    before = (home.parent / ".env").read_text()
    assert main(["--home", str(home), "--profile", "stack", "profile", "--write"]) == 0
    shown = capsys.readouterr().out
    after = (home.parent / ".env").read_text()
    assert after.startswith(before.rstrip("\n"))
    assert "JANUS_QDRANT_LIMIT_MB=64000" in after
    assert all(line.partition("=")[2] not in shown for line in before.splitlines() if "PASSWORD" in line)
    assert load_settings(home, profile="stack").worker_processes == 8
    assert load_settings(home).worker_processes == 1
    assert (home.parent / "compose.yaml").read_text() == compose


def test_hostile_names_are_shown_as_text(on):
    machine = inventories.inventory("workstation-24gb").sample
    device = replace(machine.devices[0], name="<script>x</script>\x1b[2J")
    home = on("workstation-24gb", devices=(device,), machine="<b>")
    profile = Session(announce=print, home=home).hardware().profile()
    assert "<script>" not in html(profile)
    assert "&lt;script&gt;" in html(profile)
    assert "\x1b" not in plain(profile)


def test_a_notebook_shows_the_difference_by_line(on):
    session = Session(announce=print, home=on("laptop"))
    shown = html(session.hardware().write())
    assert '<code class="good">+lease_ram_mb = 14744' in shown
    assert "Nothing to change" in html(session.hardware().write())
    assert "<table>" in html(session.hardware().profile())
