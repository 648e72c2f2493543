"""Times, durations and numbers in words."""

from __future__ import annotations

import time

_MINUTE = 60
_HOUR = 3600


def moment(at: float | None) -> str:
    """Seconds since the epoch as local date and time; "–" for None."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at is not None else "–"


def duration(seconds: float | None) -> str:
    """Seconds in words: "420 ms", "4.20 s", "3 min 05 s", "2 h 10 min"; "–" for None."""
    if seconds is None:
        return "–"
    if seconds < 1:
        milliseconds = seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"  # noqa: PLR2004 - as below
    if seconds < 10:  # noqa: PLR2004 - below ten seconds, decimals mean something
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
