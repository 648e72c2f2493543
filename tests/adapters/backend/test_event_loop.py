"""Work that is begun while the loop is being closed either ends or is refused: nobody waits for it forever."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from contextlib import suppress

import pytest

from janus_lab.adapters.backend.event_loop import EventLoop

PATIENCE_SECONDS = 30.0


async def nothing():
    pass


def test_what_runs_at_the_end_is_cancelled_and_the_last_is_done_after_it():
    told = []

    async def last():
        told.append("last")

    async def long():
        try:
            await asyncio.sleep(60)
        finally:
            told.append("long")

    loop = EventLoop("tested", last)
    loop.begin(nothing()).result(PATIENCE_SECONDS)
    running = loop.begin(long())
    loop.begin(nothing()).result(PATIENCE_SECONDS)
    loop.close()
    with pytest.raises(CancelledError):
        running.result(PATIENCE_SECONDS)
    assert told == ["long", "last"]
    with pytest.raises(RuntimeError):
        loop.begin(nothing())
    loop.close()


def test_what_is_begun_while_it_closes_is_cancelled_or_refused():
    for _ in range(8):
        closing = threading.Event()

        async def last(closing=closing):
            closing.set()

        loop, begun = EventLoop("tested", last), []

        def begin(loop=loop, closing=closing, begun=begun):
            closing.wait(PATIENCE_SECONDS)
            with suppress(RuntimeError):
                begun.append(loop.begin(nothing()))

        other = threading.Thread(target=begin)
        other.start()
        loop.close()
        other.join(PATIENCE_SECONDS)
        for work in begun:
            with suppress(CancelledError):
                work.result(PATIENCE_SECONDS)
