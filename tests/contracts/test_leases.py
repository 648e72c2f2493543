"""What every adapter of the Leases port keeps to. A new adapter adds a row to `OPENERS`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest

from janus_lab.adapters.leases import memory, redis
from janus_lab.errors import Defect
from janus_lab.ports.leases import Leases
from janus_lab.values.lease import CPU, RAM, Capacity, GrantState, LeaseRequest, Renewal, slot, vram
from janus_lab.values.run import Priority

OPENERS = {
    "memory": memory.open_leases,
    "valkey": redis.open_leases,
    "redis 7": redis.open_leases,
    "redis 6.2": redis.open_leases,
    "cluster": redis.open_leases,
    "server redis, TLS": redis.open_leases,
}
URLS = {
    "valkey": "redis_url",
    "redis 7": "redis7_url",
    "redis 6.2": "redis62_url",
    "cluster": "redis_cluster_url",
    "server redis, TLS": "server_rediss_url",
}
HOST = "lab-1"
LONG = 600.0
GB = 1 << 30
_names = count()


@pytest.fixture(params=sorted(OPENERS))
def leases(request: pytest.FixtureRequest) -> Iterator[Leases]:
    url = request.getfixturevalue(URLS[request.param]) if request.param in URLS else "memory://"
    with OPENERS[request.param](url) as opened:
        yield opened


def wanted(priority: Priority = Priority.BATCH, *, lasting: bool = False, **weights: int) -> LeaseRequest:
    names = {"gpu": vram("0"), "place": slot("model:x")}
    return LeaseRequest(
        f"lease-{next(_names)}",
        {names.get(name, name): amount for name, amount in weights.items()},
        priority,
        holder="worker-1",
        purpose="embed “Größe” \n of 12 chunks",
        pid=4711,
        run_id="run-1",
        step="embed",
        cell="In [12]",
        lasting=lasting,
    )


def capacities(**changes: Capacity) -> dict[str, Capacity]:
    return {
        RAM: changes.get("ram", Capacity(16 * GB)),
        CPU: changes.get("cpu", Capacity(4)),
        vram("0"): changes.get("gpu", Capacity(24 * GB)),
        slot("model:x"): Capacity(1),
    }


def publish(leases: Leases, *, stale_seconds: float = LONG, **changes: Capacity) -> None:
    at, _ = leases.held(HOST)
    leases.publish(HOST, capacities(**changes), measured_at=at, stale_seconds=stale_seconds)


def granted(leases: Leases, request: LeaseRequest, ttl_seconds: float = LONG) -> int:
    grant = leases.request(HOST, request, ttl_seconds)
    assert grant.state is GrantState.GRANTED
    return grant.fence


def state(leases: Leases, request: LeaseRequest, ttl_seconds: float = LONG) -> GrantState:
    return leases.request(HOST, request, ttl_seconds).state


def sums_equal_records(leases: Leases) -> None:
    """What is leased in all is what the leases say, of every resource, and never more than the budget."""
    book = leases.book(HOST)
    for name, use in book.resources.items():
        assert use.leased == sum(lease.request.weights.get(name, 0) for lease in book.leases)
        assert use.leased + use.ending <= use.capacity.budget


def test_all_resources_are_granted_at_once_or_none(leases):
    publish(leases)
    granted(leases, wanted(ram=10 * GB, cpu=3))
    refused = leases.request(HOST, wanted(ram=GB, cpu=2, gpu=GB), LONG)
    assert refused.state is GrantState.WAITING
    assert refused.lacking == (CPU,)
    assert refused.fence == 0
    uses = leases.book(HOST).resources
    assert (uses[RAM].leased, uses[CPU].leased, uses[vram("0")].leased) == (10 * GB, 3, 0)


def test_fencing_numbers_grow_and_begin_at_the_clock(leases):
    publish(leases)
    fences = [granted(leases, wanted(cpu=1)) for _ in range(3)]
    assert fences == sorted(set(fences))
    assert fences[0] > (time.time() - 60) * 1e6


def test_asking_again_after_a_lost_reply_changes_nothing(leases):
    publish(leases)
    request = wanted(cpu=3)
    assert granted(leases, request) == granted(leases, request)
    assert leases.book(HOST).resources[CPU].leased == 3


def test_more_than_there_may_ever_be_is_refused_at_once(leases):
    publish(leases)
    for impossible, name in ((wanted(cpu=5), CPU), (wanted(cpu=1, zeppelin=1), "zeppelin")):
        grant = leases.request(HOST, impossible, LONG)
        assert grant.state is GrantState.IMPOSSIBLE
        assert grant.lacking == (name,)
    assert leases.book(HOST).waiting == ()


def test_weights_that_are_no_amounts_are_a_defect(leases):
    with pytest.raises(Defect):
        leases.request(HOST, wanted(cpu=-1), LONG)


def test_nothing_is_granted_before_it_is_known_what_the_machine_has(leases):
    request = wanted(cpu=1)
    assert state(leases, request) is GrantState.CLOSED
    assert not leases.book(HOST).open
    publish(leases)
    assert state(leases, request) is GrantState.GRANTED


def test_nothing_is_granted_on_a_stale_sample(leases):
    publish(leases)
    early = granted(leases, wanted(cpu=1))
    publish(leases, stale_seconds=0.05)
    time.sleep(0.06)
    grant = leases.request(HOST, wanted(cpu=1), LONG)
    assert grant.state is GrantState.CLOSED
    assert grant.lacking == (CPU,)
    assert not leases.book(HOST).open
    lease = leases.book(HOST).leases[0]
    assert leases.renew(HOST, lease.request.id, early, LONG) is Renewal.RENEWED


def test_a_failed_probe_is_never_read_as_free(leases):
    publish(leases, gpu=Capacity(24 * GB, failure="NVML: driver/library version mismatch"))
    grant = leases.request(HOST, wanted(gpu=GB, cpu=1), LONG)
    assert grant.state is GrantState.CLOSED
    assert grant.lacking == (vram("0"),)
    assert state(leases, wanted(cpu=1)) is GrantState.GRANTED
    assert leases.book(HOST).resources[vram("0")].capacity.failure.startswith("NVML: driver/library")
    publish(leases)
    assert leases.book(HOST).waiting == ()
    sums_equal_records(leases)


def test_what_others_use_is_not_granted(leases):
    publish(leases, ram=Capacity(16 * GB, outside=10 * GB))
    assert state(leases, wanted(ram=7 * GB)) is GrantState.WAITING
    publish(leases, ram=Capacity(16 * GB, outside=9 * GB))
    assert leases.book(HOST).waiting == ()


def test_an_older_sample_changes_nothing(leases):
    early, _ = leases.held(HOST)
    publish(leases, ram=Capacity(16 * GB, outside=10 * GB))
    leases.publish(HOST, capacities(), measured_at=early, stale_seconds=LONG)
    assert leases.book(HOST).resources[RAM].capacity.outside == 10 * GB


def test_a_headroom_larger_than_the_machine_leaves_nothing(leases):
    publish(leases, ram=Capacity(-GB, outside=GB))
    assert state(leases, wanted(ram=1)) is GrantState.IMPOSSIBLE
    assert state(leases, wanted(cpu=1)) is GrantState.GRANTED


def test_a_resource_that_is_gone_grants_nothing_and_keeps_its_leases(leases):
    publish(leases)
    request = wanted(gpu=GB)
    fence = granted(leases, request)
    at, _ = leases.held(HOST)
    leases.publish(HOST, {CPU: Capacity(4)}, measured_at=at, stale_seconds=LONG)
    assert state(leases, wanted(gpu=GB)) is GrantState.IMPOSSIBLE
    assert leases.book(HOST).resources[vram("0")].leased == GB
    assert leases.release(HOST, request.id, fence)
    assert vram("0") not in leases.book(HOST).resources


def test_a_released_lease_is_free_at_once_and_goes_to_the_next_that_fits(leases):
    publish(leases)
    first, second = wanted(cpu=4), wanted(cpu=2)
    fence = granted(leases, first)
    assert state(leases, second) is GrantState.WAITING
    assert leases.release(HOST, first.id, fence)
    assert [lease.request for lease in leases.book(HOST).leases] == [second]
    assert not leases.release(HOST, first.id, fence)
    sums_equal_records(leases)


def test_nobody_releases_another_s_lease(leases):
    publish(leases)
    request = wanted(cpu=4)
    fence = granted(leases, request)
    assert not leases.release(HOST, request.id, fence - 1)
    assert leases.renew(HOST, request.id, fence - 1, LONG) is Renewal.EXPIRED
    assert leases.book(HOST).resources[CPU].leased == 4


def test_a_renewal_never_revives_an_expired_lease(leases):
    publish(leases)
    request = wanted(cpu=1)
    fence = granted(leases, request, 0.05)
    time.sleep(0.06)
    assert leases.renew(HOST, request.id, fence, LONG) is Renewal.EXPIRED
    assert leases.book(HOST).leases == ()
    assert not leases.release(HOST, request.id, fence)


def test_an_expired_lease_can_t_be_given_back_by_who_noticed_nothing(leases):
    publish(leases)
    request = wanted(cpu=4)
    fence = granted(leases, request, 0.05)
    time.sleep(0.06)
    assert not leases.release(HOST, request.id, fence)
    use = leases.book(HOST).resources[CPU]
    assert (use.leased, use.ending) == (0, 4)
    assert state(leases, wanted(cpu=1)) is GrantState.WAITING


def test_an_expired_lease_asked_for_again_is_asked_for_anew(leases):
    publish(leases)
    request = wanted(cpu=1)
    fence = granted(leases, request, 0.05)
    time.sleep(0.06)
    assert granted(leases, request) > fence
    use = leases.book(HOST).resources[CPU]
    assert (use.leased, use.ending) == (1, 1)


def test_a_heartbeat_keeps_a_lease(leases):
    publish(leases)
    request = wanted(cpu=4)
    fence = granted(leases, request, LONG)
    (before,) = leases.book(HOST).leases
    assert leases.renew(HOST, request.id, fence, 2 * LONG) is Renewal.RENEWED
    (after,) = leases.book(HOST).leases
    assert after.granted_at == before.granted_at
    # It lives from its renewal on for as long as that says, and no longer.
    assert after.expires_at >= before.granted_at + 2 * LONG
    assert state(leases, wanted(cpu=1)) is GrantState.WAITING
    assert leases.renew(HOST, request.id, fence, 0.05) is Renewal.RENEWED
    time.sleep(0.06)
    assert leases.renew(HOST, request.id, fence, LONG) is Renewal.EXPIRED


def test_what_a_dead_holder_held_counts_until_a_later_sample_has_seen_it(leases):
    """A stale heartbeat overcommits nothing: the dead process may still hold the memory."""
    publish(leases)
    holder = wanted(ram=16 * GB)
    fence = granted(leases, holder)
    before, _ = leases.held(HOST)
    assert leases.renew(HOST, holder.id, fence, 0.05) is Renewal.RENEWED
    time.sleep(0.06)
    request = wanted(ram=16 * GB)
    assert state(leases, request) is GrantState.WAITING
    assert leases.book(HOST).resources[RAM].ending == 16 * GB
    leases.publish(HOST, capacities(), measured_at=before, stale_seconds=LONG)
    assert state(leases, request) is GrantState.WAITING
    publish(leases, ram=Capacity(16 * GB, outside=8 * GB))
    assert leases.book(HOST).resources[RAM].ending == 0
    assert state(leases, request) is GrantState.WAITING
    publish(leases)
    assert state(leases, request) is GrantState.GRANTED


def test_living_leases_are_told_by_process(leases):
    publish(leases)
    granted(leases, wanted(ram=GB, cpu=1))
    granted(leases, wanted(ram=2 * GB))
    at, covered = leases.held(HOST)
    assert covered == {4711: {RAM: 3 * GB, CPU: 1}}
    assert abs(at - time.time()) < 60
    assert leases.held(HOST)[0] > at


def test_a_better_class_overtakes_those_who_wait_longer(leases):
    publish(leases)
    holder = wanted(cpu=4)
    fence = granted(leases, holder)
    batch, agent, interactive = (wanted(priority, cpu=4) for priority in reversed(Priority))
    for request in (batch, agent, interactive):
        assert state(leases, request) is GrantState.WAITING
    assert [waiting.request for waiting in leases.book(HOST).waiting] == [interactive, agent, batch]
    leases.release(HOST, holder.id, fence)
    assert [lease.request for lease in leases.book(HOST).leases] == [interactive]


def test_a_small_one_does_not_overtake_a_large_one_for_ever(leases):
    publish(leases)
    holder = wanted(cpu=2)
    fence = granted(leases, holder)
    large, small = wanted(cpu=4), wanted(cpu=1)
    assert state(leases, large) is GrantState.WAITING
    assert leases.request(HOST, small, LONG).lacking == (CPU,)
    assert state(leases, small) is GrantState.WAITING, "what is free is kept for the first"
    leases.release(HOST, holder.id, fence)
    assert [lease.request for lease in leases.book(HOST).leases] == [large]


def test_one_that_could_not_fit_now_blocks_nobody(leases):
    publish(leases)
    granted(leases, wanted(gpu=20 * GB, lasting=True))
    assert state(leases, wanted(gpu=10 * GB, cpu=1)) is GrantState.WAITING
    assert state(leases, wanted(gpu=4 * GB, cpu=4)) is GrantState.GRANTED


def test_one_that_may_fit_after_a_lasting_lease_is_kept_what_it_waits_for_once_that_ended(leases):
    publish(leases)
    model = wanted(gpu=20 * GB, lasting=True)
    assert leases.release(HOST, model.id, granted(leases, model))
    granted(leases, wanted(gpu=20 * GB))
    assert state(leases, wanted(gpu=10 * GB, cpu=1)) is GrantState.WAITING
    assert state(leases, wanted(gpu=4 * GB, cpu=4)) is GrantState.WAITING


def test_many_who_wait_for_one_resource_do_not_block_another(leases):
    publish(leases)
    granted(leases, wanted(place=1))
    for _ in range(140):
        assert state(leases, wanted(Priority.INTERACTIVE, place=1)) is GrantState.WAITING
    assert state(leases, wanted(cpu=4)) is GrantState.GRANTED


def test_batch_work_is_asked_to_yield_to_a_better_class_only(leases):
    publish(leases)
    lower, higher = wanted(Priority.BATCH, cpu=3), wanted(Priority.INTERACTIVE, cpu=1)
    fences = {request.id: granted(leases, request) for request in (lower, higher)}

    def renewals() -> list[Renewal]:
        return [leases.renew(HOST, request.id, fences[request.id], LONG) for request in (lower, higher)]

    assert renewals() == [Renewal.RENEWED, Renewal.RENEWED]
    state(leases, wanted(Priority.BATCH, cpu=2))
    assert renewals() == [Renewal.RENEWED, Renewal.RENEWED]
    waiting = wanted(Priority.INTERACTIVE, cpu=2)
    state(leases, waiting)
    assert renewals() == [Renewal.YIELD, Renewal.RENEWED]
    assert [lease.yield_wanted for lease in leases.book(HOST).leases] == [True, False]
    leases.withdraw(HOST, waiting.id)
    assert renewals() == [Renewal.RENEWED, Renewal.RENEWED]


def test_who_waits_for_something_else_does_not_make_batch_work_yield(leases):
    publish(leases)
    lower = wanted(cpu=1)
    fence = granted(leases, lower)
    granted(leases, wanted(place=1))
    state(leases, wanted(Priority.INTERACTIVE, cpu=1, place=1))
    assert leases.renew(HOST, lower.id, fence, LONG) is Renewal.RENEWED


def test_who_withdraws_frees_its_place_and_what_it_was_granted(leases):
    publish(leases)
    holder, large, small = wanted(cpu=2), wanted(cpu=4), wanted(cpu=1)
    granted(leases, holder)
    state(leases, large)
    state(leases, small)
    leases.withdraw(HOST, large.id)
    assert {lease.request.id for lease in leases.book(HOST).leases} == {holder.id, small.id}
    leases.withdraw(HOST, small.id)
    leases.withdraw(HOST, "nobody")
    assert leases.book(HOST).resources[CPU].leased == 2


def test_who_does_not_ask_again_loses_its_place(leases):
    publish(leases)
    granted(leases, wanted(cpu=2))
    large, small = wanted(cpu=4), wanted(cpu=1)
    assert state(leases, large) is GrantState.WAITING
    assert state(leases, small) is GrantState.WAITING
    # It has asked for the last time, and only for a moment.
    state(leases, large, 0.05)
    time.sleep(0.06)
    leases.held(HOST)
    assert state(leases, small) is GrantState.GRANTED


def test_a_wait_is_told_and_kept(leases):
    publish(leases)
    holder, request = wanted(cpu=4), wanted(cpu=1)
    fence = granted(leases, holder)
    state(leases, request)
    time.sleep(0.05)
    leases.release(HOST, holder.id, fence)
    grant = leases.request(HOST, request, LONG)
    assert 0.05 <= grant.waited_seconds < 60
    assert leases.book(HOST).leases[0].waited_seconds == grant.waited_seconds


def test_those_who_wait_are_told_of_their_grant(leases):
    publish(leases)
    holder, request = wanted(cpu=4), wanted(cpu=1)
    fence = granted(leases, holder)
    state(leases, request)
    told: list[str] = []
    heard = threading.Event()
    with leases.listening(HOST, lambda lease_id: (told.append(lease_id), heard.set())):
        leases.release(HOST, holder.id, fence)
        assert heard.wait(60)
    assert told == [request.id]


def test_the_book_tells_everything_of_a_request(leases):
    publish(leases)
    holder, waiting = wanted(Priority.AGENT, ram=GB, lasting=True), wanted(ram=16 * GB)
    fence = granted(leases, holder)
    state(leases, waiting)
    book = leases.book(HOST)
    (lease,) = book.leases
    assert (lease.request, lease.fence) == (holder, fence)
    assert lease.expires_at - lease.granted_at == pytest.approx(LONG)
    assert [waiting.request for waiting in book.waiting] == [waiting]
    assert abs(book.waiting[0].since - time.time()) < 60
    assert book.open
    assert book.machine == HOST
    assert book.resources[RAM].capacity == Capacity(16 * GB)


def test_machines_that_publish_are_known_and_each_has_a_book_of_its_own(leases):
    assert leases.machines() == []
    publish(leases)
    leases.held("lab-2")
    assert leases.machines() == [HOST]
    assert state(leases, wanted(cpu=1)) is GrantState.GRANTED
    assert leases.request("lab-2", wanted(cpu=1), LONG).state is GrantState.CLOSED


def test_four_places_and_thirty_two_threads(leases):
    publish(leases)
    lock = threading.Lock()
    busy, most, errors = 0, 0, []

    def work() -> None:
        nonlocal busy, most
        for _ in range(6):
            request = wanted(cpu=1)
            while (grant := leases.request(HOST, request, LONG)).state is not GrantState.GRANTED:
                time.sleep(0.002)
            with lock:
                busy += 1
                most = max(most, busy)
            with lock:
                busy -= 1
            if not leases.release(HOST, request.id, grant.fence):
                errors.append(request)

    threads = [threading.Thread(target=work) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert most <= 4
    sums_equal_records(leases)
    assert leases.book(HOST).resources[CPU].leased == 0


def test_a_lasting_lease_is_asked_back_by_name(leases):
    publish(leases)
    one, other, passing = wanted(ram=GB, lasting=True), wanted(ram=GB, lasting=True), wanted(ram=GB)
    fences = {request.id: granted(leases, request) for request in (one, other, passing)}

    def renewed(request: LeaseRequest) -> Renewal:
        return leases.renew(HOST, request.id, fences[request.id], LONG)

    assert leases.ask_back(HOST, one.id)
    assert [renewed(one), renewed(one), renewed(other)] == [Renewal.ASKED_BACK, Renewal.ASKED_BACK, Renewal.RENEWED]
    assert [lease.asked_back for lease in leases.book(HOST).leases] == [True, False, False]
    assert [lease.request.lasting for lease in leases.book(HOST).leases] == [True, True, False]
    assert not leases.ask_back(HOST, passing.id)
    assert not leases.ask_back(HOST, "nobody's")
    assert leases.release(HOST, one.id, fences[one.id])
    assert not leases.ask_back(HOST, one.id)
    sums_equal_records(leases)
    # The whole machine is there for who takes nothing for granted that lasts.
    leases.release(HOST, other.id, fences[other.id])
    leases.release(HOST, passing.id, fences[passing.id])
    granted(leases, wanted(ram=16 * GB))


def test_who_waits_is_not_asked_back(leases):
    publish(leases)
    granted(leases, wanted(ram=16 * GB))
    waiting = wanted(ram=GB, lasting=True)
    assert state(leases, waiting) is GrantState.WAITING
    assert not leases.ask_back(HOST, waiting.id)


def test_what_is_held_between_pieces_of_work_makes_way_for_any_class(leases):
    publish(leases)
    model, work = wanted(Priority.INTERACTIVE, ram=8 * GB, lasting=True), wanted(Priority.INTERACTIVE, ram=8 * GB)
    fences = {request.id: granted(leases, request) for request in (model, work)}
    state(leases, wanted(Priority.BATCH, ram=GB))
    assert [leases.renew(HOST, r.id, fences[r.id], LONG) for r in (model, work)] == [Renewal.YIELD, Renewal.RENEWED]
    assert [lease.yield_wanted for lease in leases.book(HOST).leases] == [True, False]
