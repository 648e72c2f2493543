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


class RequestLease(IntEnum):
    """Outcome of `request_lease.lua`; fencing number and wait, or what is lacking, come beside it."""

    GRANTED = 1
    WAITING = 0
    CLOSED = -1
    IMPOSSIBLE = -2


class RenewLease(IntEnum):
    """Outcome of `renew_lease.lua`."""

    RENEWED = 1
    YIELD = 2
    RECALLED = 3
    EXPIRED = 0


class AskBackLease(IntEnum):
    """Outcome of `ask_back_lease.lua`."""

    ASKED = 1
    UNKNOWN = 0


class ReleaseLease(IntEnum):
    """Outcome of `release_lease.lua`."""

    RELEASED = 1
    EXPIRED = 0


class WithdrawRequest(IntEnum):
    """Outcome of `withdraw_request.lua`."""

    WITHDRAWN = 1
    RELEASED = 2
    UNKNOWN = 0


class ForgetMachine(IntEnum):
    """Outcome of `forget_machine.lua`."""

    FORGOTTEN = 1
    KEPT = 0


class PublishCapacity(IntEnum):
    """Outcome of `publish_capacity.lua`."""

    PUBLISHED = 1
    OLDER = 0


class TakePermit(IntEnum):
    """Outcome of `take_permit.lua`; how long to wait comes beside it."""

    TAKEN = 1
    EARLY = 0


class WriteState(IntEnum):
    """Outcome of `write_state.lua`; the version and its time come beside it."""

    WRITTEN = 1
    CHANGED = 0


class ForgetState(IntEnum):
    """Outcome of `forget_state.lua`."""

    FORGOTTEN = 1
    ABSENT = 0
