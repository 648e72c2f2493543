"""Engines that fail, refuse, or have too little of something; runs that ended."""

from __future__ import annotations

from janus_lab.errors.families import CapacityError, EngineError, UserError


class RunCancelled(UserError):
    """The run was stopped on request; what it had finished is kept."""

    code = "run-cancelled"


class RunFailed(EngineError):
    """A run ended in an error in the engine room; the message is the worker's."""

    code = "run-failed"


class EngineRoomFailed(EngineError):
    """The engine room (server and worker) did not start or stopped answering."""

    code = "engine-room-failed"


class StoreUnreachable(EngineError):
    """A store does not answer."""

    code = "store-unreachable"


class StoreFailed(EngineError):
    """A store answered with an error of its own."""

    code = "store-failed"


class StoreInUse(EngineError):
    """A store with one owner is open in another process."""

    code = "store-in-use"


class ModelFailed(EngineError):
    """A model could not be loaded or failed while it ran."""

    code = "model-failed"


class ClaimLost(EngineError):
    """Another worker has taken this run over; the effect of this one must not be committed."""

    code = "claim-lost"


class DiskFull(CapacityError):
    """No space is left where a store writes."""

    code = "disk-full"


class ContextTooLong(CapacityError):
    """A prompt does not fit the model's context window."""

    code = "context-too-long"
