"""Machines that have too little, or of which nobody knows what they have."""

from __future__ import annotations

from janus_lab.errors.families import CapacityError, EngineError


class LeaseImpossible(CapacityError):
    """More is asked for than the machine may ever give."""

    code = "does-not-fit"


class LeaseTimeout(CapacityError):
    """What was asked for did not become free in time."""

    code = "no-room"


class AdmissionClosed(EngineError):
    """It is not known what the machine has, so that nothing is granted."""

    code = "admission-closed"


class LeaseLost(EngineError):
    """A lease expired while its holder still worked; what it did since must not count."""

    code = "lease-lost"


class ProbeFailed(EngineError):
    """What a machine has could not be measured."""

    code = "probe-failed"
