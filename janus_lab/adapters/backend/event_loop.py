"""An event loop in a thread of its own, for drivers that can be interrupted only there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class EventLoop:
    """Runs coroutines for other threads until it is closed, which cancels those that still run; `last` is done after them."""

    def __init__(self, name: str, last: Callable[[], Awaitable[None]]) -> None:
        self._last = last
        self._letting_in = threading.Lock()
        self._is_closed = False
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self._loop, self._closed = self._ready.result()

    def begin(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Start this; cancelling what is returned cancels it wherever it waits. Raises RuntimeError once closed."""
        # What is let in comes before the loop hears of its end, and is cancelled then: a loop that has ended runs nothing.
        with self._letting_in:
            if not self._is_closed:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        raise RuntimeError("the loop is closed")

    def close(self) -> None:
        """Cancel what runs, wait for it to end, do what is last, and end the thread."""
        with self._letting_in:
            if not self._is_closed:
                self._is_closed = True
                self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._until_closed())

    async def _until_closed(self) -> None:
        closed = asyncio.Event()
        self._ready.set_result((asyncio.get_running_loop(), closed))
        await closed.wait()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._last()
