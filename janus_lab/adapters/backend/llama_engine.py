"""One thread that reads for everybody: requests come and go, and each of its batches serves as many of them as it can."""

from __future__ import annotations

import threading
import time
from collections import deque

from janus_lab.adapters.backend.llama_batch import TokenBatch
from janus_lab.adapters.backend.llama_cells import Cells, common
from janus_lab.adapters.backend.llama_context import NO_ROOM, READ, STOPPED, LlamaContext
from janus_lab.adapters.backend.llama_log import last_error
from janus_lab.adapters.backend.llama_pace import Pace
from janus_lab.adapters.backend.llama_parts import Part, mostly_for, shares
from janus_lab.adapters.backend.llama_requests import Asked
from janus_lab.adapters.backend.llama_threads import ThreadChoice
from janus_lab.errors import ModelFailed

WORTH_WAITING = 32
"""So many tokens that somebody else is about to read are worth waiting for."""


class LlamaEngine:
    """Serves several requests at once from one context. `ask` and `drop` may be called from any thread.

    Those who speak come first in every batch; then come prompts, in pieces short enough that those who speak go on smoothly:
    half of the room to the oldest prompt, the rest to whichever is read soonest.
    """

    def __init__(self, context: LlamaContext, cells: Cells) -> None:
        self._context = context
        self._cells = cells
        self._batch = TokenBatch(context.batch_tokens)
        self._pace = Pace(context.batch_tokens)
        self._threads = ThreadChoice(context.threads)
        self._changed = threading.Condition()
        self._waiting: deque[Asked] = deque()
        self._active: list[Asked] = []
        self._prompts: frozenset[Asked] = frozenset()
        self._closed = False
        self.ended = False
        """Whether it failed as a whole, and serves nobody any more."""
        self._thread = threading.Thread(target=self._run, name="llama", daemon=True)
        self._thread.start()

    def ask(self, asked: Asked) -> None:
        """Take a request in; what comes of it is put into its `told`. Raises ModelFailed after `close`."""
        with self._changed:
            if self._closed:
                asked.end()
                raise _unloaded()
            self._waiting.append(asked)
            self._changed.notify()

    def drop(self, asked: Asked) -> None:
        """Nobody waits for it any more. What is read for it alone is stopped at once."""
        asked.cancelled = True
        if asked in self._prompts:
            self._context.stop()

    def close(self) -> None:
        """End when those who were let in are done; the others fail, and so does what is asked afterwards."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._wanted():
                self._sweep()
                self._admit()
                if self._active:
                    self._step()
        except BaseException as error:
            self._give_up(error)
            raise

    def _wanted(self) -> bool:
        """Wait for something to do; False if nothing more will come."""
        with self._changed:
            while not (self._waiting or self._active or self._closed):
                self._changed.wait()
            if self._closed:
                while self._waiting:
                    unwanted = self._waiting.popleft()
                    unwanted.fail(_unloaded())
                    unwanted.end()
            return bool(self._active) or not self._closed

    def _sweep(self) -> None:
        """Part from those whom nobody waits for."""
        for asked in [a for a in self._active if a.cancelled]:
            self._part(asked)
        with self._changed:
            dropped = [a for a in self._waiting if a.cancelled]
            for asked in dropped:
                self._waiting.remove(asked)
        for asked in dropped:
            asked.end()

    def _admit(self) -> None:
        """Let those in who wait, in their order; who can soon go on from where another one is, does."""
        with self._changed:
            candidates = list(self._waiting)
        for asked in candidates:
            if not self._cells.any_idle:
                break
            if self._soon_known(asked):
                continue
            sequence = self._cells.take(asked.beginning, asked.positions)
            if sequence is None:
                break  # who needs much room is not overtaken for ever
            asked.sequence, asked.cached = sequence, len(sequence.tokens)
            with self._changed:
                self._waiting.remove(asked)
            self._active.append(asked)

    def _soon_known(self, asked: Asked) -> bool:
        if not self._cells.shareable:
            return False
        beginning = asked.beginning
        known = self._cells.known(beginning)
        return any(
            min(common(a.tokens, beginning), len(beginning) - 1) >= known + WORTH_WAITING
            for a in self._active
            if a.unread > 1
        )

    def _step(self) -> None:
        parts = self._parts()
        self._context.let_go_on()
        self._prompts = mostly_for(parts)
        if any(part.asked.cancelled for part in parts):
            return
        self._context.read_single_tokens_with(self._threads.now)
        began = time.perf_counter()
        code = self._context.read(self._batch)
        seconds = time.perf_counter() - began
        self._prompts = frozenset()
        if code == READ:
            self._learn(parts, seconds)
            self._heard(parts)
        else:
            self._unheard(parts, code)

    def _learn(self, parts: list[Part], seconds: float) -> None:
        speaking = sum(part.asked.speaking for part in parts)
        self._pace.took(self._batch.used - speaking, speaking, seconds)
        if self._batch.used == 1:
            self._threads.took(seconds)

    def _parts(self) -> list[Part]:
        """Fill the batch: a token of everybody who speaks, then pieces of prompts."""
        self._batch.clear()
        speaking = [a for a in self._active if a.speaking][: self._batch.size]
        reading = [a for a in self._active if not a.speaking]
        if not reading and not self._pace.together(len(speaking)):
            # Everybody in turn: who has just spoken goes to the end.
            speaking = speaking[:1]
            self._active.append(self._active.pop(self._active.index(speaking[0])))
        outputs = self._context.outputs
        parts = [self._part_of(asked, 1, 1) for asked in speaking]
        outputs -= len(parts)
        room = self._pace.prompt_room(len(speaking))
        for asked, share in shares(reading, room):
            part = self._part_of(asked, share, outputs)
            outputs -= len(part.wanted)
            if part.tokens:
                parts.append(part)
        return parts

    def _part_of(self, asked: Asked, room: int, outputs: int) -> Part:
        start = asked.read
        end = min(start + room, len(asked.tokens), max(start, asked.wanted_from) + outputs)
        tokens = asked.tokens[start:end]
        place = self._batch.add(tokens, sequence=asked.sequence.number, position=start, wanted_from=asked.wanted_from)
        return Part(asked, place, tokens)

    def _heard(self, parts: list[Part]) -> None:
        for part in parts:
            asked, wanted = part.asked, part.wanted
            self._cells.wrote(asked.sequence, part.tokens)
            if not wanted:
                continue
            try:
                done = asked.take(self._context, wanted)
            except Exception as error:  # noqa: BLE001 (what one request makes of its logits must not harm the others)
                asked.fail(error)
                done = True
            if done:
                self._part(asked)

    def _unheard(self, parts: list[Part], code: int) -> None:
        """Nothing of the batch counts: back to where everybody was."""
        for part in parts:
            self._cells.cut(part.asked.sequence, part.asked.read)
        if code == STOPPED or (code == NO_ROOM and self._cells.give_up_one()):
            return
        for part in parts:
            part.asked.fail(
                ModelFailed(
                    f"llama.cpp failed to read {self._batch.used} tokens (code {code}): {last_error()}",
                    remedy="repeat; if it happens again, set context_tokens to a smaller number in janus.toml",
                )
            )
            self._part(part.asked)

    def _part(self, asked: Asked) -> None:
        self._active.remove(asked)
        self._cells.let_go(asked.sequence)
        asked.end()

    def _give_up(self, error: BaseException) -> None:
        with self._changed:
            self._closed = self.ended = True
            left = [*self._active, *self._waiting]
            self._waiting.clear()
        for asked in left:
            failed = ModelFailed(f"the engine ended: {error}", remedy="run `janus up`, then repeat")
            failed.__cause__ = error
            asked.fail(failed)
            asked.end()


def _unloaded() -> ModelFailed:
    return ModelFailed("the model has been unloaded", remedy="repeat; it is loaded again when asked")
