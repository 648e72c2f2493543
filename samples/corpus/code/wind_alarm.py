"""Decides from mast readings whether a blizzard alert begins or ends.

The alert begins after ten minutes above the upper threshold and ends after two readings below the lower one, so that a
wind that wavers around one value does not switch the siren on and off.
"""

from __future__ import annotations

from collections import deque

BEGIN_ABOVE_M_S = 25.0
END_BELOW_M_S = 18.0
READINGS_TO_BEGIN = 10  # one reading a minute
READINGS_TO_END = 2
SIREN_SECONDS = 45  # the siren sounds for 45 seconds: longer and the pump controller mistakes it for a fault


class WindAlarm:
    """Follows the mean wind, one reading a minute, in metres per second."""

    def __init__(self) -> None:
        self.active = False
        self._recent: deque[float] = deque(maxlen=READINGS_TO_BEGIN)
        self._calm = 0

    def read(self, mean_wind_m_s: float) -> bool:
        """Take one reading; True while an alert is on."""
        self._recent.append(mean_wind_m_s)
        if not self.active:
            full = len(self._recent) == READINGS_TO_BEGIN
            self.active = full and min(self._recent) > BEGIN_ABOVE_M_S
            return self.active
        self._calm = self._calm + 1 if mean_wind_m_s < END_BELOW_M_S else 0
        if self._calm >= READINGS_TO_END:
            self.active, self._calm = False, 0
            self._recent.clear()
        return self.active
