"""`append_event.lua` against its model: a list that a repeated append does not grow."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from janus_lab.adapters.redis import keys, scripts

NONCES = st.lists(st.sampled_from(["n1", "n2", "n3"]), max_size=20)


@pytest.fixture
def client(each_redis_url):
    with Redis.from_url(each_redis_url, decode_responses=True) as opened:
        yield opened


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nonces=NONCES)
def test_an_append_that_comes_again_at_once_adds_nothing(client, nonces):
    client.delete(keys.events("run"))
    append = scripts.register(client, "append_event")
    model: list[str] = []
    previous = ""
    for nonce in nonces:
        sequence = append(keys=[keys.events("run")], args=["token", "1.5", "{}", nonce, 1000, 60])
        assert (sequence == previous) == bool(model and model[-1] == nonce)
        if not model or model[-1] != nonce:
            model.append(nonce)
        previous = sequence
    entries = client.xrange(keys.events("run"))
    assert [fields["nonce"] for _, fields in entries] == model
    assert len({sequence for sequence, _ in entries}) == len(model)


def test_a_stream_expires_after_its_last_event(client):
    append = scripts.register(client, "append_event")
    append(keys=[keys.events("run")], args=["token", "1.5", "{}", "n1", 1000, 600])
    client.expire(keys.events("run"), 10)
    append(keys=[keys.events("run")], args=["token", "1.5", "{}", "n2", 1000, 600])
    assert 500 < client.ttl(keys.events("run")) <= 600
