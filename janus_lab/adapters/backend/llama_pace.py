"""How long reading takes here, and what follows for the next batch: how much of a prompt, and who speaks together."""

from __future__ import annotations

SMOOTH_SECONDS = 0.5
"""So long those who speak may be kept waiting by others' prompts."""
LEAST_PROMPT = 128
"""Reading fewer at a time costs more: all of the weights are gone through for them."""
_LOOK_AGAIN = 64
_SLOWER = 0.05


class Pace:
    """Learns from every batch. Where few rows are computed slower together than one by one, as on CPUs, they are read singly."""

    def __init__(self, batch_tokens: int) -> None:
        self._batch_tokens = batch_tokens
        self._token_seconds = 0.0
        self._step_seconds: dict[int, float] = {}
        self._asked = 0

    def prompt_room(self, speaking: int) -> int:
        """How many tokens of prompts the next batch takes, while so many speak."""
        room = self._batch_tokens - speaking
        if speaking and self._token_seconds:
            room = min(room, max(LEAST_PROMPT, int(SMOOTH_SECONDS / self._token_seconds)))
        return room

    def together(self, speaking: int) -> bool:
        """Whether so many tokens of as many sequences are best read in one batch."""
        alone, all_of_them = self._step_seconds.get(1), self._step_seconds.get(speaking)
        self._asked += 1
        if alone is None or all_of_them is None or self._asked % _LOOK_AGAIN == 0:
            return True
        return all_of_them <= alone * speaking

    def took(self, prompt: int, speaking: int, seconds: float) -> None:
        """A batch of so many tokens of prompts, and one token each of so many that speak, took so long."""
        if prompt >= LEAST_PROMPT:
            self._token_seconds = _mixed(self._token_seconds, seconds / (prompt + speaking))
        elif not prompt:
            self._step_seconds[speaking] = _mixed(self._step_seconds.get(speaking, 0.0), seconds)


def _mixed(known: float, seen: float) -> float:
    """A faster time counts at once, slower ones little by little: mostly, other programs are to blame for them."""
    return known + _SLOWER * (seen - known) if 0 < known < seen else seen
