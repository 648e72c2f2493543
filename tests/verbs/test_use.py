"""`use` switches a session, and keeps a profile for later ones."""

from __future__ import annotations

import pytest

from janus_lab.cli import main
from janus_lab.errors import SettingsError
from janus_lab.settings import load_settings
from janus_lab.verbs.session import Session
from janus_lab.verbs.table import VERBS
from janus_lab.verbs.terminal import TerminalFace

STACK = '# mine\n[profiles.stack]\nredis_url = "redis://:geheim@localhost/0"\n'


def use(session: Session, *words: str):
    verb = VERBS["use"]
    return verb.execute(verb.parse(verb.parser("janus"), list(words)), session, TerminalFace())


def test_a_session_is_switched_and_back(tmp_path):
    (tmp_path / "janus.toml").write_text(STACK)
    session = Session(announce=print, home=tmp_path)
    using = use(session, "stack")
    assert (using.profile, using.servers) == ("stack", {"redis_url": "redis://localhost/0"})
    assert use(session).profile == "stack"
    assert use(session, "embedded").servers == {}
    assert (tmp_path / "janus.toml").read_text() == STACK


@pytest.mark.parametrize(("profile", "remedy"), [("stack", "janus init --stack"), ("stak", "embedded, stack")])
def test_a_profile_that_is_not_there_changes_nothing(tmp_path, profile, remedy):
    session = Session(announce=print, home=tmp_path)
    with pytest.raises(SettingsError) as caught:
        use(session, profile, "--save")
    assert remedy in caught.value.remedy
    assert use(session).profile == "embedded"
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_that_names_no_profile_is_told_which_there_are(tmp_path, capsys):
    (tmp_path / "janus.toml").write_text(STACK)
    assert main(["use", "stak", "--home", str(tmp_path)]) != 0
    told = capsys.readouterr().err
    assert "embedded, stack" in told
    assert "--save" not in told


def test_a_saved_profile_counts_for_later_sessions(tmp_path, capsys, monkeypatch):
    (tmp_path / "janus.toml").write_text(STACK)
    assert main(["--home", str(tmp_path), "use", "stack", "--save"]) == 0
    assert load_settings(tmp_path).profile == "stack"
    assert (tmp_path / "janus.toml").read_text().startswith('# mine\nprofile = "stack"\n\n[profiles.stack]')
    monkeypatch.setenv("JANUS_PROFILE", "stack")
    assert main(["--home", str(tmp_path), "use", "embedded", "--save"]) == 0
    told = capsys.readouterr()
    assert "unset it" in told.err
    assert "geheim" not in told.out + told.err


def test_a_profile_for_one_command(tmp_path, capsys):
    (tmp_path / "janus.toml").write_text(STACK)
    assert main(["use", "--profile", "stack", "--home", str(tmp_path)]) == 0
    assert "profile stack" in capsys.readouterr().out
    assert main(["--home", str(tmp_path), "use", "stack"]) == 1
    assert "--save" in capsys.readouterr().err
