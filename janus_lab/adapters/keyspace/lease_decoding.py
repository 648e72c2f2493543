"""What the keys of a machine's leases mean, as JSON-ready facts and members. Whatever is raised means: it is no such value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.adapters.keyspace.contents import Contents
from janus_lab.adapters.keyspace.decoding import Decoded
from janus_lab.adapters.leases import records
from janus_lab.adapters.leases.entries import SECOND
from janus_lab.values.lease import CPU, LeaseRequest


def machine(contents: Contents) -> Decoded:
    """Until when leases are granted, the last fencing number, and every resource with what is spoken for."""
    fields = contents.fields
    facts: dict[str, Any] = {"fence": int(fields.get("@fence", 0))}
    for fact, name in (("@measured", "measured_at"), ("@stale", "granted_until_at")):
        if fact in fields:
            facts[name] = float(fields[fact]) / SECOND
    return facts, tuple(_resource(name, stock) for name, stock in records.stocks(fields).items())


def book(contents: Contents) -> Decoded:
    """Leases that are held and requests that wait, oldest first."""
    found = sorted(contents.fields.items(), key=lambda item: item[1].split(" ")[5])
    return {}, tuple(_record(records.Record(lease_id, packed)) for lease_id, packed in found)


def deadlines(contents: Contents) -> Decoded:
    """When what ends unless it is renewed."""
    return {}, tuple({"lease": _text(lease), "ends_at": float(us) / SECOND} for lease, us in contents.pairs)


def places(contents: Contents) -> Decoded:
    """Requests in the order in which they are served; of a lower class it counts as if they had come later."""
    return {}, tuple({"lease": _text(lease), "counts_at": float(us) / SECOND} for lease, us in contents.pairs)


def ending(contents: Contents) -> Decoded:
    """What dead holders held, until it is seen to be free."""
    found = []
    for member, us in contents.pairs:
        fence, _, weights = _text(member).partition(" ")
        found.append({"fence": int(fence), "weights": records.weights(weights), "found_at": float(us) / SECOND})
    return {}, tuple(found)


def machines(contents: Contents) -> Decoded:
    """Machines by when they last published what they have."""
    return {}, tuple({"machine": _text(name), "heard_at": float(us) / SECOND} for name, us in contents.pairs)


def _resource(name: str, stock: records.Stock) -> Mapping[str, Any]:
    unit = "" if name == CPU or name.startswith("slot:") else "_bytes"
    amounts = {
        "budget": stock.capacity.budget,
        "outside": stock.capacity.outside,
        "leased": stock.leased,
        "ending": stock.ending,
        "wanted": sum(stock.wanted),
    }
    return {
        "resource": name,
        **{f"{each}{unit}": amount for each, amount in amounts.items()},
        "failure": stock.capacity.failure,
    }


def _record(record: records.Record) -> Mapping[str, Any]:
    if record.fence:
        lease = record.lease(0.0, {})
        state = "kept loaded" if lease.request.lasting else "held"
        return {"state": state, **_request(lease.request), "since_at": lease.granted_at, "fence": lease.fence}
    waiting = record.waiting()
    return {"state": "waits", **_request(waiting.request), "since_at": waiting.since, "fence": None}


def _request(request: LeaseRequest) -> Mapping[str, Any]:
    return {
        "class": request.priority.value,
        "for": request.purpose,
        "weights": dict(request.weights),
        "run_id": request.run_id,
        "cell": request.cell,
        "holder": request.holder,
        "lease": request.id,
    }


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
