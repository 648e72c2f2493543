"""Neo4j for a short life, as in tests: its code is compiled once and lightly, so that it starts in a third of the time."""

from __future__ import annotations

from dataclasses import replace

from native_stack import neo4j
from native_stack.kind import Launch, Site
from native_stack.neo4j import SERVICE, SPARE_PORTS, answers, missing, url

__all__ = ["SERVICE", "SPARE_PORTS", "answers", "launch", "missing", "url"]


def launch(site: Site) -> Launch:
    """The command of `neo4j`, without the compiler that only pays in the long run."""
    usual = neo4j.launch(site)
    java, *rest = usual.command
    return replace(usual, command=(java, "-XX:TieredStopAtLevel=1", *rest))
