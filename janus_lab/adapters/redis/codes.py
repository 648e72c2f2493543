"""What the scripts in `lua/` return; equal to their headers."""

from __future__ import annotations

from enum import IntEnum


class TakeClaim(IntEnum):
    """Outcome of `take_claim.lua`; the fencing number comes beside it."""

    TAKEN = 1
    HELD = 0


class RenewClaim(IntEnum):
    """Outcome of `renew_claim.lua`."""

    RENEWED = 1
    EXPIRED = 0
    HELD = -1


class ReleaseClaim(IntEnum):
    """Outcome of `release_claim.lua`."""

    RELEASED = 1
    EXPIRED = 0
    HELD = -1


class RedriveLetter(IntEnum):
    """Outcome of `redrive_letter.lua`."""

    QUEUED = 1
    GONE = 0


class TakeStep(IntEnum):
    """Outcome of `take_step.lua`; the fencing number comes beside it."""

    TAKEN = 1
    HELD = 0
    DONE = 2


class FinishStep(IntEnum):
    """Outcome of `finish_step.lua`."""

    FINISHED = 1
    EXPIRED = 0
    HELD = -1


class ReleaseStep(IntEnum):
    """Outcome of `release_step.lua`."""

    RELEASED = 1
    EXPIRED = 0
    HELD = -1
    DONE = 2
