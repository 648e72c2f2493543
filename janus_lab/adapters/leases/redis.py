"""Leases in Redis: every change is one script, and only the server's clock counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from janus_lab.adapters.leases import records
from janus_lab.adapters.leases.entries import RANKS, SECOND
from janus_lab.adapters.leases.listening import listening
from janus_lab.adapters.leases.weights import claiming, countable, microseconds
from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.redis.client import check_version, open_client, translated
from janus_lab.adapters.redis.codes import AskBackLease, ReleaseLease, RenewLease, RequestLease
from janus_lab.ports.leases import Leases
from janus_lab.values.lease import PUT_BACK_SECONDS, Capacity, Grant, GrantState, LeaseBook, LeaseRequest, Renewal

if TYPE_CHECKING:
    from redis import Redis

RECENT_SECONDS = 60.0
"""A machine is there if it published so lately."""
KEPT_SECONDS = 24 * 3600
"""A machine that has not published for so long, and whose leases have all ended, is forgotten."""
_STATES = {
    RequestLease.WAITING: GrantState.WAITING,
    RequestLease.CLOSED: GrantState.CLOSED,
    RequestLease.IMPOSSIBLE: GrantState.IMPOSSIBLE,
}
_RENEWALS = {
    RenewLease.RENEWED: Renewal.RENEWED,
    RenewLease.YIELD: Renewal.YIELD,
    RenewLease.RECALLED: Renewal.ASKED_BACK,
    RenewLease.EXPIRED: Renewal.EXPIRED,
}
_CLASSES = {priority: (rank, round(PUT_BACK_SECONDS[priority] * SECOND)) for priority, rank in RANKS.items()}


@contextmanager
def open_leases(redis_url: str) -> Iterator[Leases]:
    """Leases on the server at `redis_url`. Raises StoreUnreachable, AccessDenied or EngineTooOld."""
    with open_client(redis_url) as client:
        check_version(client, redis_url)
        yield RedisLeases(client, redis_url)


class RedisLeases:
    """A machine's book in a constant number of keys; see `lua/request_lease.lua` and its neighbours."""

    def __init__(self, client: Redis, redis_url: str) -> None:
        self._client = client
        self._url = redis_url
        self._request = scripts.register(client, "request_lease")
        self._renew = scripts.register(client, "renew_lease")
        self._release = scripts.register(client, "release_lease")
        self._ask_back = scripts.register(client, "ask_back_lease")
        self._withdraw = scripts.register(client, "withdraw_request")
        self._publish = scripts.register(client, "publish_capacity")
        self._held = scripts.register(client, "read_held")
        self._book = scripts.register(client, "read_leases")
        self._forget = scripts.register(client, "forget_machine")
        self._tidied = False

    def request(self, machine: str, wanted: LeaseRequest, ttl_seconds: float) -> Grant:
        """Grant at once, or queue by priority and age."""
        wanted = claiming(wanted)
        rank, penalty = _CLASSES[wanted.priority]
        args: list[str | int] = [
            wanted.id,
            microseconds(ttl_seconds),
            penalty,
            f"{rank} {int(wanted.lasting)} {wanted.pid}",
            records.packed_weights(wanted.weights),
            records.packed_details(wanted),
        ]
        with translated(self._url):
            code, *answer = self._request(keys=keys.leases(machine), args=args)
        if code == RequestLease.GRANTED:
            fence, waited = answer
            return Grant(GrantState.GRANTED, int(fence), waited / SECOND)
        return Grant(_STATES[RequestLease(code)], lacking=tuple(map(records.name, *answer)))

    def renew(self, machine: str, lease_id: str, fence: int, ttl_seconds: float) -> Renewal:
        """Prolong a lease, and learn whether somebody waits for what it holds."""
        with translated(self._url):
            code = self._renew(keys=keys.leases(machine), args=[lease_id, fence, microseconds(ttl_seconds)])
        return _RENEWALS[RenewLease(code)]

    def release(self, machine: str, lease_id: str, fence: int) -> bool:
        """Give a lease back and grant what now fits; False if it was not held any more."""
        with translated(self._url):
            code = self._release(keys=keys.leases(machine), args=[lease_id, fence])
        return ReleaseLease(code) is ReleaseLease.RELEASED

    def ask_back(self, machine: str, lease_id: str) -> bool:
        """Have a lasting lease given back as soon as nobody uses what it covers; False if there is none of that id."""
        with translated(self._url):
            code = self._ask_back(keys=keys.leases(machine), args=[lease_id])
        return AskBackLease(code) is AskBackLease.ASKED

    def withdraw(self, machine: str, lease_id: str) -> None:
        """Stop waiting; if it was granted meanwhile, give it back."""
        with translated(self._url):
            self._withdraw(keys=keys.leases(machine), args=[lease_id])

    def publish(
        self, machine: str, capacities: Mapping[str, Capacity], *, measured_at: float, stale_seconds: float
    ) -> None:
        """Say what the machine has, as measured at `measured_at`."""
        packed = records.packed_capacities(countable(capacities))
        args: list[str | int] = [
            machine,
            microseconds(measured_at),
            microseconds(stale_seconds),
            packed,
        ]
        with translated(self._url):
            self._publish(keys=[*keys.leases(machine), keys.LEASED_MACHINES], args=args)
            if not self._tidied:
                self._forget_silent_machines()
                self._let_outdated_expire(machine)
                self._tidied = True

    def held(self, machine: str) -> tuple[float, Mapping[int, Mapping[str, int]]]:
        """The server's time, and what living leases cover by process id and resource."""
        with translated(self._url):
            at, lines = self._held(keys=keys.leases(machine))
        return int(at) / SECOND, records.covered(lines)

    def book(self, machine: str) -> LeaseBook:
        """Everything about a machine's leases."""
        with translated(self._url):
            at, fields, texts, deadlines, waiting = self._book(keys=keys.leases(machine))
        facts = _pairs(fields)
        known = {lease_id: records.record(lease_id, text) for lease_id, text in _pairs(texts).items()}
        is_open = int(at) < int(facts.get("@stale", 0))
        stocks = records.stocks(facts)
        leases = (
            known[lease_id].lease(float(expires) / SECOND, stocks if is_open else {})
            for lease_id, expires in _pairs(deadlines).items()
            if lease_id in known and known[lease_id].fence
        )
        return LeaseBook(
            machine,
            int(at) / SECOND,
            is_open,
            {name: stock.use for name, stock in stocks.items()},
            tuple(sorted(leases, key=lambda lease: lease.fence)),
            tuple(known[lease_id].waiting() for lease_id in waiting if lease_id in known),
        )

    def machines(self) -> list[str]:
        """Machines that published a capacity not long ago."""
        with translated(self._url):
            return self._published(f"({self._ago(RECENT_SECONDS)}", "+inf")

    def listening(self, machine: str, granted: Callable[[str], None]) -> AbstractContextManager[None]:
        """While inside, `granted` is told (from another thread) the id of each waiting request that is granted."""
        return listening(self._client, self._url, keys.granted(machine), granted)

    def _forget_silent_machines(self) -> None:
        for machine in self._published("-inf", str(self._ago(KEPT_SECONDS))):
            names = [*keys.leases(machine)[:-1], keys.LEASED_MACHINES]
            self._forget(keys=names, args=[machine, KEPT_SECONDS * SECOND])

    def _let_outdated_expire(self, machine: str) -> None:
        """Not at once: a worker of an earlier version may be at work still."""
        for name in keys.outdated_leases(machine):
            if self._client.ttl(name) == -1:
                self._client.expire(name, KEPT_SECONDS)

    def _ago(self, seconds: float) -> int:
        now, micros = self._client.time()
        return int(now * SECOND + micros - microseconds(seconds))

    def _published(self, first: str, last: str) -> list[str]:
        found: Any = self._client.zrangebyscore(keys.LEASED_MACHINES, first, last)
        return sorted(found)


def _pairs(flat: list[str]) -> dict[str, str]:
    """A hash as a script returns it."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
