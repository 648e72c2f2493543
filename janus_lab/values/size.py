"""Numbers of bytes in words."""

from __future__ import annotations

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def size(count: float) -> str:
    """Bytes in powers of 1024, with a decimal from GiB on: "832 B", "54 KiB", "318 MiB", "23.5 GiB"."""
    value, step = float(count), 0
    while value >= _STEP and step < len(_UNITS) - 1:
        value, step = value / _STEP, step + 1
    return f"{value:.{int(step >= _UNITS.index('GiB'))}f} {_UNITS[step]}"
