"""`keys` and `top`: what they take, what they refuse, what they show."""

from __future__ import annotations

import json

import pytest

from janus_lab.adapters.claims.redis import open_claims
from janus_lab.adapters.redis.client import open_client
from janus_lab.cli import main
from janus_lab.errors import UsageError, UserError
from janus_lab.lab.keys import whole_name
from janus_lab.values.stored_key import KeyContent, KeyPage, StoredKey
from janus_lab.verbs import keys, top
from janus_lab.verbs.plain import plain
from janus_lab.verbs.plain.keys import heading, member_rows, shown


@pytest.fixture
def run(redis_url, tmp_path, monkeypatch, capsys):
    """Runs `janus keys` against a server that holds a claim, and another program's key."""
    monkeypatch.setenv("JANUS_REDIS_URL", redis_url)
    with open_claims(redis_url) as claims:
        claims.take("0199ab", "ada", 60)
    with open_client(redis_url) as client:
        client.set("other", "\x1b[2Jred")

    def janus(*words):
        code = main(["--home", str(tmp_path), "keys", *words])
        return code, *capsys.readouterr()

    return janus


def test_only_our_keys_are_listed_unless_all_are_asked_for(run):
    code, out, _ = run()
    assert code == 0
    assert "claim:0199ab" in out
    assert "other" not in out
    assert "2 keys" in out
    assert "other" in run("list", "*", "--all")[1]


def test_a_pattern_may_be_the_beginning_of_a_name_or_a_glob(run):
    assert "claim:0199ab" in run("claim")[1]
    assert "claim:0199ab" in run("cl?im:*")[1]
    assert "no key meets {janus}:x*" in run("x")[1]


def test_a_key_is_shown_as_what_it_means_and_as_it_is(run):
    _, out, _ = run("show", "claim:0199ab")
    assert "claim: hash of 2 fields" in out
    assert "holder  ada" in out
    _, raw, _ = run("show", "claim:0199ab", "--raw")
    assert "member  value" in raw
    data = json.loads(run("show", "{janus}:claim:0199ab", "--json")[1])
    assert data["facts"]["holder"] == "ada"
    assert data["raw"][1] == ["holder", "ada"]


def test_what_is_unknown_is_shown_without_steering_the_terminal(run):
    _, out, _ = run("show", "other", "--all")
    assert "\\x1b[2Jred" in out
    assert "\x1b" not in out


def test_a_missing_key_is_an_error_with_a_remedy(run):
    code, _, err = run("show", "nothing")
    assert code == 1
    assert "there is no key nothing" in err


def test_nothing_is_deleted_without_being_told_to_write_and_asked(run):
    code, _, err = run("delete", "claim:0199ab")
    assert code == 2
    assert "--write" in err
    code, _, err = run("delete", "claim:0199ab", "--write")
    assert code == 2
    assert "add --yes" in err
    assert "claim:0199ab" in run()[1]
    code, out, _ = run("delete", "claim:0199ab", "--write", "--yes")
    assert code == 0
    assert "Deleted {janus}:claim:0199ab" in out
    assert "claim:0199ab" not in run()[1]


def test_without_an_engine_room_nothing_is_started(tmp_path, capsys):
    home = str(tmp_path / ".janus")
    assert main(["--home", home, "keys"]) == 0
    assert "the engine room is not running" in capsys.readouterr().out
    assert main(["--home", home, "keys", "show", "fence"]) == 1
    assert "janus up" in capsys.readouterr().err


def test_a_question_names_the_key_and_what_is_lost():
    asked = []

    class Face:
        def confirm(self, question):
            asked.append(question)
            return False

    class Session:
        def lab(self):
            return self

        @property
        def keys(self):
            return self

        def read(self, name, **_):
            return KeyContent(StoredKey(name, "hash", "claim", 3.0, 64, 2), 1.0, loss="the hold")

    words = ["delete", "x", "--write"]
    args = keys.VERB.parse(keys.VERB.parser("janus"), words)
    assert keys.execute(args, Session(), Face()) == []
    assert asked == ["Delete x (claim: hash of 2 fields, 64 B, expires in 3.00 s)? Lost with it: the hold."]


def test_names_may_leave_out_the_tag():
    assert whole_name("fence") == whole_name("{janus}:fence") == "{janus}:fence"
    assert whole_name("fence", everything=True) == "fence"
    with pytest.raises(UserError):
        whole_name("")


def test_numbers_are_told_in_their_units():
    assert shown("wait_seconds", 90) == "1 min 30 s"
    assert shown("used_bytes", 3 << 30) == "3.0 GiB"
    assert shown("weights", {"cpu": 2}) == "2 threads"
    assert shown("data", {"a": 1, "b": None}) == "a 1, b –"
    assert shown("data", {"a": [1]}) == '{"a": [1]}'
    assert heading("queued_at") == "queued"
    assert member_rows(({"a_bytes": 10, "c": ""}, {"a": 3, "b": 1})) == (("a", "b"), [("10 B", "–"), ("3", "1")])


def test_an_empty_or_cut_page_says_so():
    assert plain(KeyPage("x*", 1.0)) == "no key meets x*"
    some = KeyPage("*", 1.0, (StoredKey("{janus}:a", "string", "", None, None, 3),), complete=False, note="narrow it")
    assert "at least 1 key, 0 B; narrow it" in plain(some)


def test_top_is_for_a_terminal_and_looks_not_too_often():
    class Face:
        def give_way(self, command):
            raise UsageError(command, remedy="a terminal")

    parser = top.VERB.parser("janus")
    with pytest.raises(UsageError, match="janus top"):
        top.execute(top.VERB.parse(parser, []), None, Face())
    for seconds in ("0.1", "inf", "often"):
        with pytest.raises(UsageError):
            top.VERB.parse(parser, ["--every", seconds])
