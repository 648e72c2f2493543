"""Scripts run though the server forgets them at the worst moment."""

from __future__ import annotations

import pytest

from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.redis.client import open_client, translated
from janus_lab.adapters.redis.codes import TakeClaim
from janus_lab.errors import StoreFailed


@pytest.mark.parametrize(("restarts", "survives"), [(1, True), (3, True), (9, False)])
def test_a_server_that_is_restarted_between_loading_and_calling_is_asked_again(
    redis_url, monkeypatch, restarts, survives
):
    with open_client(redis_url) as client:
        take = scripts.register(client, "take_claim")
        client.script_flush()
        load, left = client.script_load, [restarts]

        def forgotten(text):
            sha = load(text)
            if left[0]:
                left[0] -= 1
                client.script_flush()
            return sha

        monkeypatch.setattr(client, "script_load", forgotten)

        def call():
            with translated(redis_url):
                return take(keys=[keys.claim("run"), keys.FENCE], args=["holder", 60_000, 0])

        if survives:
            code, _fence = call()
            assert TakeClaim(code) is TakeClaim.TAKEN
        else:
            with pytest.raises(StoreFailed, match="script"):
                call()
