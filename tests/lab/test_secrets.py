"""No display, error, log or record of a lab on servers holds their passwords."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from janus_lab import open_lab
from janus_lab.cli import main
from janus_lab.errors import AccessDenied
from janus_lab.settings import load_settings
from janus_lab.values.codec import to_json

WRONG = "wrong/pass@word-98765"
SPELLINGS = (WRONG, "wrong%2Fpass%40word-98765", "word-98765")
WORDS = [
    ["use"],
    ["use", "--json"],
    ["status"],
    ["status", "--json"],
    ["doctor"],
    ["doctor", "--json"],
    ["docs"],
    ["runs", "--json"],
    ["init", "--stack"],
    ["use", "stack", "--save"],
]


@pytest.fixture
def servers(project: Path, postgresql_url: str, server_redis_url: str, minio_url: str) -> list[str]:
    """Puts a profile of servers into the project; their passwords."""
    urls = {"relational_url": postgresql_url, "redis_url": server_redis_url, "objects_url": minio_url}
    lines, secrets, passwords = ["[profiles.stack]"], [], []
    for number, (name, url) in enumerate(urls.items()):
        password = urlsplit(url).password or ""
        passwords += [password, unquote(password)]
        secrets.append(f"PW{number}='{unquote(password)}'")
        lines.append(f'{name} = "{url.replace(f":{password}@", f":${{PW{number}}}@")}"')
    (project / "janus.toml").write_text("\n".join(lines))
    (project / ".env").write_text("\n".join(secrets))
    (project / ".env").chmod(0o600)
    assert all(len(password) > 8 for password in passwords)
    return passwords


def files_below(folder: Path) -> str:
    return "".join(p.read_bytes().decode("utf-8", "replace") for p in folder.rglob("*") if p.is_file())


def test_a_working_lab_shows_none(project, servers, capsys, caplog):
    home = project / ".janus"
    with open_lab(home, inline=True, profile="stack") as lab:
        lab.ingest(project / "notes")
        answer = lab.ask("Who built the oldest pump?")
        runs = json.dumps([to_json(run) for run in lab.runs()])
        shown = repr(lab.settings) + repr(answer) + repr(lab.doctor()) + repr(lab.status()) + runs
    for words in WORDS:
        main(["--home", str(home), "--profile", "stack", *words])
    told = capsys.readouterr()
    shown += told.out + told.err + caplog.text + files_below(home)
    assert "://127.0.0.1" in shown
    assert not [password for password in servers if password in shown]


@pytest.mark.parametrize("name", ["PW0", "PW2"])
def test_a_refused_password_is_not_shown(project, servers, name):
    settings = load_settings(project / ".janus", environment={name: WRONG}, profile="stack")
    urls = {key: getattr(settings, key) for key in settings.servers()}
    with pytest.raises(AccessDenied) as caught, open_lab(project / ".janus", inline=True, **urls) as lab:
        lab.start_ingest(project / "notes")
    shown = "".join(caught.value.lines()) + repr(caught.value) + files_below(project / ".janus")
    assert not [text for text in (*SPELLINGS, *servers) if text in shown]


@pytest.mark.parametrize("name", ["PW0", "PW1", "PW2"])
def test_a_doctor_who_finds_it_refused_shows_it_neither(project, servers, capsys, monkeypatch, name):
    monkeypatch.setenv(name, WRONG)
    assert main(["--home", str(project / ".janus"), "--profile", "stack", "doctor"]) == 1
    told = capsys.readouterr()
    assert "FAILED" in told.out
    shown = told.out + told.err + files_below(project / ".janus")
    assert not [text for text in (*SPELLINGS, *servers) if text in shown]
