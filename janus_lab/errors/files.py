"""Files that could not be turned into text."""

from __future__ import annotations

from janus_lab.errors.families import UserError


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
