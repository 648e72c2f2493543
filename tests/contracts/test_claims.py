"""What every adapter of the Claims port keeps to. A new adapter adds a row to `CLAIMS`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from redis_versions import EVERY_VERSION

from janus_lab.adapters.claims import memory, redis
from janus_lab.ports.claims import Claims

URLS = {
    **EVERY_VERSION,
    "server redis": "server_redis_url",
    "server redis, TLS": "server_rediss_url",
    "server redis, unix socket": "server_redis_socket_url",
}
OPENERS = {"memory": memory.open_claims, **dict.fromkeys(URLS, redis.open_claims)}
LONG = 60.0


@pytest.fixture(params=sorted(OPENERS))
def claims(request: pytest.FixtureRequest) -> Iterator[Claims]:
    url = request.getfixturevalue(URLS[request.param]) if request.param in URLS else "memory://"
    with OPENERS[request.param](url) as opened:
        yield opened


def test_a_free_run_is_taken_and_a_held_one_is_not(claims):
    assert claims.take("run", "ada", LONG) is not None
    assert claims.take("run", "bob", LONG) is None
    assert claims.take("other", "bob", LONG) is not None


def test_fencing_numbers_grow_over_all_runs(claims):
    numbers = [claims.take("a", "ada", LONG), claims.take("b", "bob", LONG), claims.take("a", "ada", LONG)]
    claims.release("b", "bob", numbers[1])
    numbers.append(claims.take("b", "cid", LONG))
    assert numbers == sorted(set(numbers))


def test_fencing_numbers_begin_at_the_clock_so_that_a_lost_counter_does_no_harm(claims):
    assert claims.take("run", "ada", LONG) >= int((time.time() - 60) * 1000)


def test_a_fencing_number_is_above_what_the_ledger_has_seen(claims):
    seen = int(time.time() * 1000) + 3_600_000
    first = claims.take("a", "ada", LONG, above=seen)
    assert first > seen
    assert claims.take("b", "bob", LONG) > first


def test_taking_again_what_is_ours_fences_the_first_number_off(claims):
    first = claims.take("run", "ada", LONG)
    second = claims.take("run", "ada", LONG)
    assert second > first
    assert not claims.renew("run", "ada", first, LONG)
    assert claims.renew("run", "ada", second, LONG)


def test_only_its_holder_renews_or_releases_a_claim(claims):
    fence = claims.take("run", "ada", LONG)
    assert not claims.renew("run", "bob", fence, LONG)
    assert not claims.release("run", "bob", fence)
    assert not claims.release("run", "ada", fence + 1)
    assert claims.take("run", "bob", LONG) is None


def test_a_released_run_is_free_and_can_not_be_released_again(claims):
    fence = claims.take("run", "ada", LONG)
    assert claims.release("run", "ada", fence)
    assert not claims.release("run", "ada", fence)
    assert claims.take("run", "bob", LONG) > fence


def test_an_expired_claim_is_free_and_no_renewal_revives_it(claims):
    fence = claims.take("run", "ada", 0.05)
    time.sleep(0.1)
    assert not claims.renew("run", "ada", fence, LONG)
    assert claims.take("run", "bob", LONG) is not None
    assert not claims.release("run", "ada", fence)


def test_a_renewed_claim_lives_for_as_long_as_its_renewal_says(claims):
    """That it lives longer than before is tested where a test turns the clock: see `tests/lua/test_claim_scripts.py`."""
    fence = claims.take("run", "ada", LONG)
    assert claims.renew("run", "ada", fence, 2 * LONG)
    assert claims.take("run", "bob", LONG) is None
    assert claims.renew("run", "ada", fence, 0.05)
    time.sleep(0.1)
    assert claims.take("run", "bob", LONG) > fence


def test_of_many_who_want_a_run_one_gets_it(claims):
    taken: list[str] = []
    start = threading.Barrier(16)

    def want(holder: str) -> None:
        start.wait()
        if claims.take("run", holder, LONG) is not None:
            taken.append(holder)

    threads = [threading.Thread(target=want, args=(f"holder-{n}",)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_a_wish_to_cancel_stays_until_it_is_cleared(claims):
    assert not claims.cancel_requested("run")
    claims.request_cancel("run")
    claims.request_cancel("run")
    assert claims.cancel_requested("run")
    assert not claims.cancel_requested("other")
    claims.clear_cancel("run")
    assert not claims.cancel_requested("run")


def test_the_held_ones_among_many_runs_are_told(claims):
    claims.take("a", "ada", LONG)
    claims.take("b", "ada", 0.05)
    time.sleep(0.1)
    assert claims.held(["a", "b", "c"]) == {"a"}
    assert claims.held([]) == set()
