"""What the values of single keys mean, as JSON-ready facts and members. Whatever they raise means: it is no such value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from janus_lab.adapters.keyspace.contents import Contents

Decoded: TypeAlias = tuple[Mapping[str, Any], tuple[Mapping[str, Any], ...]]
"""Facts about the whole, and its members."""


def nothing(_contents: Contents) -> Decoded:
    """That the key is there says it all."""
    return {}, ()


def number(contents: Contents) -> Decoded:
    """A counter."""
    return {"value": int(contents.first)}, ()


def count(contents: Contents) -> Decoded:
    """Only how many there are matters."""
    return {"rings": len(contents.pairs)}, ()


def claim(contents: Contents) -> Decoded:
    """Who holds it, under which fencing number."""
    fields = contents.fields
    return {"holder": fields["holder"], "fence": int(fields["fence"])}, ()


def worker(contents: Contents) -> Decoded:
    """What a worker tells of itself."""
    return dict(json.loads(contents.first)), ()


def workers(contents: Contents) -> Decoded:
    """Names by when they were last heard of."""
    return {}, tuple({"name": _text(name), "heard_at": float(at)} for name, at in contents.pairs)


def events(contents: Contents) -> Decoded:
    """A run's events, newest first."""
    return {}, tuple(
        {"at": float(fields[b"at"]), "event": _text(fields[b"kind"]), "data": json.loads(fields[b"data"])}
        for _, fields in contents.entries
    )


def step(contents: Contents) -> Decoded:
    """Who works on a step, or that it is done."""
    fields = contents.fields
    return {"state": fields["state"], "holder": fields.get("holder", ""), "fence": int(fields.get("fence", 0))}, ()


def rate(contents: Contents) -> Decoded:
    """When all that was let through is paid for; whoever comes before that may have to wait."""
    return {"paid_at": float(contents.first) / 1e6}, ()


def agent_state(contents: Contents) -> Decoded:
    """The latest version; of a forgotten state only its number is left."""
    fields = contents.fields
    version = {"version": int(fields["version"])}
    if "content" not in fields:
        return {**version, "forgotten": True}, ()
    return {**version, "written_at": int(fields["at"]) / 1000, "content": json.loads(fields["content"])}, ()


def agent_history(contents: Contents) -> Decoded:
    """Earlier versions, newest first."""
    found = [_text(packed).split(" ", 3) for _, packed in contents.pairs]
    return {}, tuple(
        {"version": int(version), "written_at": int(at) / 1000, "content": json.loads(content)}
        for version, at, _nonce, content in found
    )


def agents(contents: Contents) -> Decoded:
    """Agents by when they last wrote."""
    return {}, tuple({"agent": _text(name), "written_at": float(ms) / 1000} for name, ms in contents.pairs)


def sample(contents: Contents) -> Decoded:
    """What was measured last, and who uses it."""
    measured = json.loads(contents.first)
    return _measured(measured), tuple(_process(process) for process in measured["processes"])


def samples(contents: Contents) -> Decoded:
    """What was measured in the last minutes, oldest first."""
    return {}, tuple(_measured(json.loads(text)) for text, _ in contents.pairs)


def names(contents: Contents) -> Decoded:
    """A set of names."""
    return {}, tuple({"name": _text(name)} for name, _ in contents.pairs)


def _measured(measured: Mapping[str, Any]) -> Mapping[str, Any]:
    facts: dict[str, Any] = {
        "measured_at": measured["at"],
        "processors": measured["cpu_count"],
        "load": round(measured["cpu_load"], 3),
        "memory_used_bytes": measured["ram_used"],
        "memory_bytes": measured["ram_total"],
    }
    for device in measured["devices"]:
        facts[f"GPU_{device['id']}_used_bytes"] = device["memory_used"]
        facts[f"GPU_{device['id']}_bytes"] = device["memory_total"]
    return {**facts, **{f"failure_of_{name}": why for name, why in measured["failures"].items()}}


def _process(process: Mapping[str, Any]) -> Mapping[str, Any]:
    named = {"process": process["name"], "pid": process["pid"], "ours": process["ours"]}
    return {**named, "memory_bytes": process["ram"], "GPU_memory_bytes": sum(process["vram"].values())}


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
