"""Random texts along an automaton, as a model without any sense would write them."""

from __future__ import annotations

from random import Random

from janus_lab.adapters.backend.structured.automaton import Automaton
from janus_lab.adapters.backend.structured.schema import schema_expression

LIKED = tuple(b'"}],0123456789')
LONGEST = 4000


def automaton(schema: str) -> Automaton:
    return Automaton(schema_expression(schema))


def walk(along: Automaton, random: Random) -> str | None:
    """One text that the automaton allows, whole; None if it did not end. Fails where nothing may follow and nothing ends."""
    state, said = along.start, bytearray()
    while len(said) < LONGEST:
        if state.ends and random.random() < 0.3:
            return said.decode()
        order = random.sample(range(256), 256)
        if random.random() < 0.6:
            order = [*random.sample(LIKED, len(LIKED)), *order]
        byte = next((byte for byte in order if along.step(state, byte) is not None), None)
        if byte is None:
            assert state.ends, bytes(said)
            return said.decode()
        said.append(byte)
        state = along.step(state, byte)
    return None
