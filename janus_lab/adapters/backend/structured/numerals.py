"""Numbers as JSON writes them, digit by digit: whether what stands there can still become one within bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

WHOLE_DIGITS = 18
PART_DIGITS = 16
"""So many digits at most before and after the point: what a double holds. A model that likes zeros ends some time."""
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]{0,2})?")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number may be: from `least` to `most` (None: any), the bounds themselves only where they are not `open`.

    Numbers with a bound are written without an exponent.
    """

    whole: bool
    least: Fraction | None = None
    most: Fraction | None = None
    least_open: bool = False
    most_open: bool = False

    def complete(self, text: str) -> bool:
        """Whether this is such a number."""
        if not text or not text[-1].isdigit() or _WHOLE.match(text) is None:
            return False
        return self._within(Fraction(Decimal(text))) if self._bounded else True

    def possible(self, text: str) -> bool:
        """Whether this can become such a number."""
        if not text:
            return self._grows("", "") or self._grows("-", "")
        found = _DECIMAL.fullmatch(text)
        if found is None:
            return False
        sign, whole, part, exponent = found[1], found[2] or "", found[3], found[4]
        if len(whole) > WHOLE_DIGITS or len(part or "") > PART_DIGITS + 1 or (not whole and part is not None):
            return False
        if exponent is not None:
            return not self.whole and not self._bounded and bool(whole) and part != "."
        if part is not None:
            return not self.whole and self._reaches(sign, Fraction(int(whole)), part[1:])
        return self._grows(sign, whole)

    @property
    def _bounded(self) -> bool:
        return self.least is not None or self.most is not None

    def _within(self, value: Fraction) -> bool:
        return self._meets(value, value)

    def _grows(self, sign: str, whole: str) -> bool:
        """Whether some more digits make it fit."""
        if whole == "0":
            return self._meets(*self._span(sign, 0, 1))
        start = int(whole) if whole else 0
        room = WHOLE_DIGITS - len(whole)
        if not whole:
            return self._meets(*self._span(sign, 0, 10**room))
        return any(self._meets(*self._span(sign, start * 10**more, (start + 1) * 10**more)) for more in range(room + 1))

    def _span(self, sign: str, start: int, end: int) -> tuple[Fraction, Fraction]:
        """The least and the greatest number whose whole part is in `start` to `end` (not itself)."""
        finest = Fraction(1) if self.whole else Fraction(1, 10**PART_DIGITS)
        low, high = Fraction(start), Fraction(end) - finest
        return (-high, -low) if sign else (low, high)

    def _reaches(self, sign: str, whole: Fraction, part: str) -> bool:
        unit = Fraction(1, 10 ** len(part))
        low = whole + (Fraction(int(part)) * unit if part else 0)
        high = low + unit - Fraction(1, 10**PART_DIGITS)
        return self._meets(-high, -low) if sign else self._meets(low, high)

    def _meets(self, low: Fraction, high: Fraction) -> bool:
        """Whether a number of the grid between these is within the bounds."""
        finest = Fraction(1) if self.whole else Fraction(1, 10**PART_DIGITS)
        if self.least is not None:
            first = -((-self.least) // finest) * finest
            low = max(low, first + finest if self.least_open and first == self.least else first)
        if self.most is not None:
            last = (self.most // finest) * finest
            high = min(high, last - finest if self.most_open and last == self.most else last)
        return low <= high
