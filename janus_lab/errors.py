"""Errors that help: what happened, and what to do next.

Every error that a user can meet is a `JanusError` with a kebab-case `code` and a `remedy` (an act). The five families say
who must act. Adapters translate driver errors at the border and keep the original as `__cause__`.
"""

from __future__ import annotations

from typing import ClassVar


class JanusError(Exception):
    """Something the user can be told about in two lines: `message`, and `remedy`, the next thing to do."""

    code: ClassVar[str] = "janus-error"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.remedy))

    def lines(self) -> list[str]:
        """The two lines shown to a person, in a notebook and in a terminal."""
        return [f"{self.code}: {self.message}", f"What to do next: {self.remedy}"]

    def _render_traceback_(self) -> list[str]:
        """Two lines instead of a traceback in IPython; the cell still fails (see `%janus traceback`)."""
        return self.lines()


def _rebuild(kind: type[JanusError], message: str, remedy: str) -> JanusError:
    error = kind.__new__(kind)
    JanusError.__init__(error, message, remedy=remedy)
    return error


class UserError(JanusError):
    """The request can't be carried out as it was put: the person who asked must change it."""

    code = "bad-request"


class SettingsError(JanusError):
    """A setting is wrong or names something that is not there: whoever set Janus up must act."""

    code = "bad-settings"


class EngineError(JanusError):
    """An engine (store, server, backend) does not answer or refuses."""

    code = "engine-failed"


class CapacityError(JanusError):
    """The machine has too little of something: memory, disk, context window."""

    code = "out-of-capacity"


class Defect(JanusError):
    """Janus itself is wrong; please report it."""

    code = "defect"


# --- requests ---------------------------------------------------------------------------------------------------------


class NotFound(UserError):
    """A named document, run, collection or path does not exist."""

    code = "not-found"


class AmbiguousId(NotFound):
    """The first digits of an id that several runs or documents begin with."""

    code = "ambiguous-id"


class UsageError(UserError):
    """A verb was called with options or arguments it does not take."""

    code = "bad-usage"


class UnreadableFile(UserError):
    """One file could not be turned into text; the rest of an ingest goes on."""

    code = "unreadable-file"


class EmptyFile(UnreadableFile):
    """A file of no bytes."""

    code = "empty-file"


class CorruptFile(UnreadableFile):
    """A file that is not what it should be: damaged, cut off, or of another format than its name says."""

    code = "corrupt-file"


class EncryptedFile(UnreadableFile):
    """A file that opens only with a password."""

    code = "encrypted-file"


class FileTooLarge(UnreadableFile):
    """A file beyond a bound: bytes, pages, characters, expansion of an archive, or time."""

    code = "file-too-large"


class UnsupportedFormat(UnreadableFile):
    """A file of a format that Janus has no reader for."""

    code = "unsupported-format"


class NoText(UnreadableFile):
    """A readable file in which there is no text, such as a scanned PDF."""

    code = "no-text"


class FileForbidden(UnreadableFile):
    """A file or folder that may not be read, or a link that leads out of the folder it is in."""

    code = "file-forbidden"


class NotAFile(UnreadableFile):
    """A pipe, socket or device: reading it might never end."""

    code = "not-a-file"


class UrlFailed(UnreadableFile):
    """A URL that could not be fetched, or that may not be."""

    code = "url-failed"


class RunCancelled(UserError):
    """The run was stopped on request; what it had finished is kept."""

    code = "run-cancelled"


class RunFailed(EngineError):
    """A run ended in an error in the engine room; the message is the worker's."""

    code = "run-failed"


# --- settings and data ------------------------------------------------------------------------------------------------


class UnknownScheme(SettingsError):
    """A URL's scheme has no adapter in `schemes.py`."""

    code = "unknown-scheme"


class MissingPackage(SettingsError):
    """A model or adapter needs a package that is not installed."""

    code = "missing-package"


class DataDirectoryUnusable(SettingsError):
    """The data directory can't be created, written or locked."""

    code = "data-directory-unusable"


class DataTooNew(SettingsError):
    """The data directory was written by a newer Janus Lab."""

    code = "data-too-new"


class AccessDenied(SettingsError):
    """A server refuses the user, the password or the key that the settings give."""

    code = "access-denied"


class EngineTooOld(SettingsError):
    """A server is of a version that Janus Lab does not work with."""

    code = "engine-too-old"


# --- engines ----------------------------------------------------------------------------------------------------------


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


def error_named(code: str, message: str, remedy: str) -> JanusError:
    """The error of that code, as the ledger kept it; one that is not known here is RunFailed."""
    pending: list[type[JanusError]] = [JanusError]
    while pending:
        kind = pending.pop()
        if kind.code == code:
            return kind(message, remedy=remedy)
        pending.extend(kind.__subclasses__())
    return RunFailed(message, remedy=remedy)
