"""`janus init` makes what is missing, keeps what is there, and shows no password."""

from __future__ import annotations

import re
import stat
import tomllib
from dataclasses import fields

import pytest

from janus_lab.cli import main
from janus_lab.settings import Settings, load_settings
from janus_lab.settings.beginning import TEMPLATE
from janus_lab.settings.beginning_stack import COMPOSE_PROJECT, PASSWORDS, PORTS, begin_stack, stack_folder
from janus_lab.settings.dotenv import read_dotenv


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_project_begins_with_a_folder_and_settings_that_change_nothing(folder, capsys):
    assert main(["init"]) == 0
    told = capsys.readouterr().out
    assert "janus ingest FOLDER" in told
    assert stat.S_IMODE((folder / ".janus").stat().st_mode) == 0o700
    assert load_settings(environment={}) == load_settings(folder / ".janus", environment={})
    assert load_settings(folder / ".janus", environment={}).servers() == {}
    assert main(["init"]) == 0
    assert "made" not in capsys.readouterr().out


def test_every_line_of_the_settings_is_a_setting_at_its_default(tmp_path):
    lines = [line.removeprefix("# ") for line in TEMPLATE.splitlines() if re.match(r"# \w+ = ", line)]
    given = tomllib.loads("\n".join(lines))
    assert set(given) | {"home", "model_cache", "event_expiry_seconds", "events_per_run"} == {
        field.name for field in fields(Settings)
    }
    (tmp_path / "janus.toml").write_text("\n".join(lines))
    (tmp_path / "other").mkdir()
    default = load_settings(tmp_path / "other", environment={})
    read = load_settings(tmp_path, environment={})
    assert {name: getattr(read, name) for name in given} == {name: getattr(default, name) for name in given}


def test_a_stack_has_fresh_passwords_that_only_the_owner_reads(folder, capsys):
    assert main(["init", "--stack"]) == 0
    told = capsys.readouterr()
    values = read_dotenv(folder / ".env")
    passwords = [values[name] for name in PASSWORDS]
    assert set(values) == {*PASSWORDS, *PORTS, COMPOSE_PROJECT}
    assert len(set(passwords)) == len(PASSWORDS)
    assert all(re.fullmatch(r"[\w-]{24,}", password) for password in passwords)
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert (folder / "compose.yaml").read_text() == (stack_folder() / "compose.yaml").read_text()
    settings = load_settings(folder / ".janus", environment={}, profile="stack")
    assert len(settings.servers()) == 6
    assert f":{values['JANUS_POSTGRES_PASSWORD']}@127.0.0.1:{values['JANUS_POSTGRES_PORT']}/" in settings.relational_url
    shown = told.out + told.err + repr(settings)
    for words in (["use", "--json"], ["use"], ["use", "stack", "--save"], ["init", "--stack", "--json"]):
        assert main(["--profile", "stack", *words]) == 0
        captured = capsys.readouterr()
        shown += captured.out + captured.err
    assert not any(password in shown for password in passwords)


def test_nothing_that_exists_is_overwritten(folder, capsys):
    (folder / ".env").write_text("MINE=1\nJANUS_NEO4J_PASSWORD='my own'")
    (folder / ".env").chmod(0o644)
    (folder / "compose.yaml").write_text("# mine\n")
    (folder / "janus.toml").write_text("# mine\ncollection = 'x'\n")
    assert main(["init", "--stack"]) == 0
    told = capsys.readouterr().out
    assert "my own" not in told
    assert "--force" in told
    values = read_dotenv(folder / ".env")
    assert (values["MINE"], values["JANUS_NEO4J_PASSWORD"]) == ("1", "my own")
    assert set(PASSWORDS) < set(values)
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert (folder / "compose.yaml").read_text() == "# mine\n"
    assert (folder / "janus.toml").read_text().startswith("# mine\ncollection = 'x'\n\n[profiles.stack]\n")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert main(["init", "--stack"]) == 0
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert main(["init", "--stack", "--force"]) == 0
    assert (folder / "compose.yaml").read_text() != "# mine\n"
    assert (folder / ".env").read_bytes() == before[folder / ".env"]
    assert (folder / "janus.toml").read_bytes() == before[folder / "janus.toml"]


def test_the_start_without_docker_is_named_where_there_is_one(folder, capsys):
    assert main(["init", "--stack"]) == 0
    assert "scripts/stack" not in capsys.readouterr().out
    (folder / "scripts").mkdir()
    (folder / "scripts" / "stack").touch()
    assert main(["init", "--stack"]) == 0
    assert "scripts/stack up" in capsys.readouterr().out


def test_passwords_stay_out_of_git(folder):
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("*.pyc")
    for _ in range(2):
        assert main(["init", "--stack"]) == 0
    assert (folder / ".gitignore").read_text() == "*.pyc\n.env\n"


def test_a_port_in_use_is_avoided_and_told(folder, capsys, monkeypatch):
    import socket

    from janus_lab.settings import beginning_stack

    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        monkeypatch.setitem(beginning_stack.PORTS, "JANUS_REDIS_PORT", port)
        assert main(["init", "--stack"]) == 0
    assert int(read_dotenv(folder / ".env")["JANUS_REDIS_PORT"]) > port
    assert f"port {port} is in use" in capsys.readouterr().out


def test_another_folder_can_be_begun(folder, tmp_path):
    (tmp_path / "a").mkdir()
    assert main(["init", str(tmp_path / "a")]) == 0
    assert (tmp_path / "a" / "janus.toml").is_file()
    assert main(["--home", str(tmp_path / "b" / "data"), "init"]) == 0
    assert (tmp_path / "b" / "data" / "janus.toml").is_file()
    assert not (folder / ".janus").exists()


def test_compose_asks_for_the_variables_that_init_writes():
    text = (stack_folder() / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+):\?", text)) == set(PASSWORDS)
    ports = dict(re.findall(r"\$\{(JANUS_\w+_PORT):-(\d+)\}", text))
    assert {name: ports[name] for name in PORTS} == {name: str(port) for name, port in PORTS.items()}


def test_only_in_a_checkout_the_worker_is_built_from_source(folder, monkeypatch):
    from janus_lab.settings import beginning_stack

    assert main(["init", "--stack"]) == 0
    assert beginning_stack.WORKER_FROM not in read_dotenv(folder / ".env")
    (folder / ".env").unlink()
    monkeypatch.setattr(beginning_stack, "stack_folder", lambda: folder)
    assert main(["init", "--stack"]) == 0
    assert read_dotenv(folder / ".env")[beginning_stack.WORKER_FROM] == "source"


def test_two_folders_never_share_the_volumes_of_one_name(tmp_path):
    names = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        begin_stack(tmp_path / name / ".janus")
        names.add(read_dotenv(tmp_path / name / ".env")[COMPOSE_PROJECT])
    assert len(names) == 2
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) for name in names)


def test_volumes_that_have_a_name_already_keep_it(tmp_path):
    (tmp_path / ".env").write_text("JANUS_POSTGRES_PASSWORD=of_the_volumes_of_long_ago\n")
    begin_stack(tmp_path / ".janus")
    assert COMPOSE_PROJECT not in read_dotenv(tmp_path / ".env")
