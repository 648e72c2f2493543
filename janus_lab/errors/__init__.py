"""Errors that help: what happened, and what to do next.

The five families in `families.py` say who must act; the other modules hold their members by what they are about.
"""

from janus_lab.errors.configuration import (
    AccessDenied,
    DataDirectoryUnusable,
    DataTooNew,
    EngineTooOld,
    MissingPackage,
    UnknownScheme,
)
from janus_lab.errors.engines import (
    ClaimLost,
    ContextTooLong,
    DiskFull,
    EngineRoomFailed,
    ModelFailed,
    RunCancelled,
    RunFailed,
    StoreFailed,
    StoreInUse,
    StoreUnreachable,
)
from janus_lab.errors.families import CapacityError, Defect, EngineError, JanusError, SettingsError, UserError
from janus_lab.errors.files import (
    CorruptFile,
    EmptyFile,
    EncryptedFile,
    FileForbidden,
    FileTooLarge,
    NotAFile,
    NoText,
    UnreadableFile,
    UnsupportedFormat,
    UrlFailed,
)
from janus_lab.errors.models import (
    CircuitOpen,
    GrammarRefused,
    HashMismatch,
    IndexModelMissing,
    ModelGated,
    ServerUnreachable,
)
from janus_lab.errors.requests import AmbiguousId, NotFound, StateChanged, UsageError
from janus_lab.errors.scheduling import AdmissionClosed, LeaseImpossible, LeaseLost, LeaseTimeout, ProbeFailed

__all__ = [
    "AccessDenied",
    "AdmissionClosed",
    "AmbiguousId",
    "CapacityError",
    "CircuitOpen",
    "ClaimLost",
    "ContextTooLong",
    "CorruptFile",
    "DataDirectoryUnusable",
    "DataTooNew",
    "Defect",
    "DiskFull",
    "EmptyFile",
    "EncryptedFile",
    "EngineError",
    "EngineRoomFailed",
    "EngineTooOld",
    "FileForbidden",
    "FileTooLarge",
    "GrammarRefused",
    "HashMismatch",
    "IndexModelMissing",
    "JanusError",
    "LeaseImpossible",
    "LeaseLost",
    "LeaseTimeout",
    "MissingPackage",
    "ModelFailed",
    "ModelGated",
    "NoText",
    "NotAFile",
    "NotFound",
    "ProbeFailed",
    "RunCancelled",
    "RunFailed",
    "ServerUnreachable",
    "SettingsError",
    "StateChanged",
    "StoreFailed",
    "StoreInUse",
    "StoreUnreachable",
    "UnknownScheme",
    "UnreadableFile",
    "UnsupportedFormat",
    "UrlFailed",
    "UsageError",
    "UserError",
]
