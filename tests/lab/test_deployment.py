"""What `janus doctor` says of profiles, secrets and servers that are down."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from native_stack.ports import reserve

from janus_lab import open_lab
from janus_lab.cli import main
from janus_lab.compose import servers
from janus_lab.compose.servers import check_servers
from janus_lab.errors import StoreUnreachable
from janus_lab.schemes import server_checks
from janus_lab.settings import load_settings
from janus_lab.values.health import Check, Verdict

SECRET = "hunter2hunter2"


@pytest.fixture
def free_port():
    """A port that nobody listens on, and that nobody takes meanwhile."""
    port = reserve()
    yield port.number
    port.release()


def stack_file(folder, port: int) -> None:
    """A stack whose servers are all at one port of loopback."""
    at = f"${{PASSWORD}}@127.0.0.1:{port}"
    lines = [
        f'relational_url = "postgresql+psycopg://janus:{at}/janus"',
        f'redis_url = "redis://:{at}/0"',
        f'broker_url = "amqp://janus:{at}/janus"',
        f'objects_url = "s3://janus:{at}/janus"',
        f'graph_url = "bolt://neo4j:{at}"',
        f'vectors_url = "qdrant://:{at}"',
    ]
    (folder / "janus.toml").write_text("\n".join(["[profiles.stack]", *lines]))
    (folder / ".env").write_text(f"PASSWORD={SECRET}\n")
    (folder / ".env").chmod(0o600)


def loaded(folder):
    """The settings of a stack. Its servers' drivers are loaded, which may take longer than an answer."""
    settings = load_settings(folder, profile="stack")
    for url in settings.servers().values():
        server_checks(url)
    return settings


@pytest.fixture
def deaf():
    """A port where connections are taken and never answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken, stop = [], threading.Event()

        def take() -> None:
            server.settimeout(0.1)
            while not stop.is_set():
                try:
                    taken.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=take)
        thread.start()
        yield server.getsockname()[1]
        stop.set()
        thread.join()
        for connection in taken:
            connection.close()


def test_dead_servers_are_each_named_within_seconds(tmp_path, free_port):
    stack_file(tmp_path, free_port)
    settings = loaded(tmp_path)
    start = time.monotonic()
    checks = check_servers(settings)
    assert time.monotonic() - start < 6 * servers.ANSWER_SECONDS, "they are asked at once"
    assert len([c for c in checks if c.verdict is Verdict.FAILED]) == 6
    assert all(c.remedy for c in checks if c.verdict is Verdict.FAILED)
    assert SECRET not in repr(checks)


def test_servers_that_never_answer_do_not_add_up(tmp_path, deaf):
    stack_file(tmp_path, deaf)
    settings = loaded(tmp_path)
    start = time.monotonic()
    checks = check_servers(settings, seconds=4.0)
    assert time.monotonic() - start < 6 * 4.0
    assert [c.verdict for c in checks] == [Verdict.WARNING] * 6, "they are there, and may only be busy"
    assert all("answers slowly" in c.detail and c.remedy for c in checks)
    assert SECRET not in repr(checks)


def test_what_a_slow_server_has_told_is_kept(tmp_path, deaf, monkeypatch):
    told = Check("graph store", Verdict.OK, "answers")
    kept, over = threading.Event(), threading.Event()

    def slow(url):
        yield told
        kept.set()
        over.wait(90)

    def begin(asked, begin=servers._Asked.begin):
        begin(asked)
        assert kept.wait(60)

    monkeypatch.setattr(servers._Asked, "begin", begin)
    monkeypatch.setattr("janus_lab.compose.servers.server_checks", lambda url: slow)
    settings = load_settings(tmp_path, graph_url=f"bolt://neo4j:{SECRET}@127.0.0.1:{deaf}")
    found = check_servers(settings, seconds=0.3)
    over.set()
    assert found[0] == told
    assert [c.verdict for c in found] == [Verdict.OK, Verdict.WARNING]
    assert SECRET not in repr(found)


def test_a_lab_whose_servers_are_down_names_them_and_says_how_to_start_them(tmp_path, free_port):
    stack_file(tmp_path, free_port)
    loaded(tmp_path)
    start = time.monotonic()
    with pytest.raises(StoreUnreachable) as caught:
        open_lab(tmp_path, profile="stack")
    assert time.monotonic() - start < 60
    assert "docker compose up -d" in caught.value.remedy
    assert "scripts/stack up" in caught.value.remedy
    assert SECRET not in "".join(caught.value.lines())


def test_the_doctor_comes_also_where_nothing_can_be_opened(tmp_path, capsys, free_port):
    stack_file(tmp_path, free_port)
    (tmp_path / ".env").chmod(0o644)
    code = main(["--home", str(tmp_path), "--profile", "stack", "doctor"])
    told = capsys.readouterr()
    assert code == 1
    assert "Something needs your hand." in told.out
    assert f"chmod 600 {tmp_path / '.env'}" in told.out
    assert f"{tmp_path} has no compose.yaml" in told.out
    assert "embedding model" in told.out
    assert main(["--home", str(tmp_path), "--profile", "stack", "doctor", "--json"]) == 1
    told_as_json = capsys.readouterr()
    assert not any(SECRET in text for text in (told.out, told.err, told_as_json.out, told_as_json.err))


def test_settings_that_do_not_go_together_are_found(project, tmp_path):
    with open_lab(project / ".janus", inline=True, worker_processes=3) as lab:
        (failed,) = (c for c in lab.doctor().checks if c.verdict is Verdict.FAILED)
    assert failed.name == "profile"
    assert "vectors_url" in failed.remedy


def test_a_password_in_an_open_file_is_warned_of(project):
    (project / "janus.toml").write_text('[profiles.x]\nredis_url = "redis://:geheim@127.0.0.1/0"\n')
    (project / "janus.toml").chmod(0o644)
    with open_lab(project / ".janus", inline=True) as lab:
        (warning,) = (c for c in lab.doctor().checks if c.verdict is not Verdict.OK)
    assert warning.verdict is Verdict.WARNING
    assert ".env" in warning.remedy
    assert "geheim" not in warning.detail + warning.remedy
    (project / "janus.toml").write_text('[profiles.x]\nredis_url = "redis://:${PW}@127.0.0.1/0"\n')
    with open_lab(project / ".janus", inline=True) as lab:
        assert all(c.verdict is Verdict.OK for c in lab.doctor().checks)
