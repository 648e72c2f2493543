"""The live keys without a browser: what they send and when, what they may change, and what stands where none is drawn."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from waiting import until

from janus_lab import open_lab
from janus_lab.adapters.claims.redis import open_claims
from janus_lab.adapters.redis.client import open_client
from janus_lab.values.stored_key import KeyContent, KeyPage, StoredKey
from janus_magics import live_keys
from janus_magics.widgets.attention import Attention
from janus_magics.widgets.keys_view import KeysView

HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e"


def page(*names, ttl=None, at=100.0):
    return KeyPage("{janus}:*", at, tuple(StoredKey(name, "hash", "claim", ttl, 64, 2) for name in names))


@pytest.fixture
def view():
    """A view of one key; `sent` notes its messages, `woken` how often it wanted the next page."""
    woken = []
    content = KeyContent(page("a").keys[0], 1.0, "Who.", "much", {"holder": HOSTILE}, raw=(("holder", HOSTILE),))
    made = KeysView(
        page("a"), attention=Attention(lambda: False), wake=lambda: woken.append(1), read=lambda _name: content
    )
    made.woken, made.sent = woken, []
    made.send = made.sent.append
    yield made
    made.close()


def hear(view, **said):
    view._handle_custom_msg({"browser": "one", **said}, [])


def test_only_what_is_new_is_told(view):
    view.show(page("a", "b"))
    view.show(page("a", "b", at=102.0))
    view.show(page("b", at=104.0))
    assert [set(message["rows"]) for message in view.sent] == [{"b"}, set(), set()]
    assert [message["gone"] for message in view.sent] == [[], [], ["a"]]
    assert len(json.dumps(view.sent[1])) < 200


def test_a_life_that_runs_down_is_told_once(view):
    for seconds in range(20):
        view.show(page("a", ttl=60.0 - seconds * 1.01, at=100.0 + seconds))
    assert sum(bool(message["rows"]) for message in view.sent) == 1
    view.show(page("a", ttl=600.0, at=120.0))
    assert view.sent[-1]["rows"]["a"]["ends"] == 720.0


def test_the_chosen_key_is_read_at_once_and_told_when_it_changes(view):
    view.chosen = "a"
    assert view.woken
    assert view.wanted()[1] < 0.1
    view.show(page("a"))
    view.show(page("a"))
    told = [message.get("content") for message in view.sent]
    assert told[0]["facts"] == [["holder", "<script>alert(1)</script>[2J"]]
    assert told[1] is None
    assert view.wanted()[1] >= 1


def test_a_browser_that_comes_later_is_told_everything(view):
    view.show(page("a", "b"))
    hear(view, kind="look", fresh=True)
    view.show(page("a", "b"))
    assert view.sent[-1]["gone"] is None
    assert set(view.sent[-1]["rows"]) == {"a", "b"}


def test_where_looking_takes_long_it_looks_seldom(view):
    view.show(replace(page("a"), seconds=1.5))
    assert view.wanted() == ("{janus}:*", 15.0)


def test_nobody_looks_nothing_is_wanted(view):
    assert view.wanted() is not None
    hear(view, kind="look")
    hear(view, kind="away")
    assert view.wanted() is None


def test_who_may_only_read_can_not_delete_whatever_a_browser_says(view):
    assert not view.writable
    hear(view, kind="delete", name="a")
    assert not any(message["kind"] == "acted" for message in view.sent)


def test_without_widgets_a_table_stands_there(view):
    data, _ = view._repr_mimebundle_()
    assert "claim (1)" in data["text/html"]
    assert "1 key" in data["text/plain"]


@pytest.fixture
def lab(redis_url, tmp_path):
    with open_lab(tmp_path, redis_url=redis_url) as opened:
        yield opened


def test_a_lab_s_keys_go_on_until_it_is_closed(lab, redis_url):
    view = live_keys(lab)
    with open_claims(redis_url) as claims:
        claims.take("run-1", "ada", 60)
    until(lambda: any("claim" in key.name for key in view.page.keys))
    lab.close()
    assert view.over
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "janus-board-feed"])
    view.close()


def test_a_key_is_deleted_where_that_was_asked_for(lab, redis_url):
    with open_client(redis_url) as client:
        client.set("{janus}:cancel:x", "1")
        view = live_keys(lab, write=True)
        sent = []
        view.send = sent.append
        hear(view, kind="delete", name="{janus}:cancel:x")
        assert not client.exists("{janus}:cancel:x")
        hear(view, kind="delete", name="{janus}:cancel:x")
    acted = [message for message in sent if message["kind"] == "acted"]
    assert [message["good"] for message in acted] == [True, False]
    assert "janus keys" in acted[1]["remedy"]


def test_a_server_that_went_leaves_a_note(lab):
    assert lab.keys._looked(None).complete
    lab.keys._link = lambda: None
    assert "not running" in lab.keys._looked(None).note
