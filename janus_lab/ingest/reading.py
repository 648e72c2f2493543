"""One source, opened, hashed and parsed; whatever is wrong with it becomes one clear error."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from janus_lab.errors import CorruptFile, FileTooLarge, JanusError, NotAFile, NoText, NotFound, UnreadableFile
from janus_lab.ingest.fetch import Fetch
from janus_lab.ingest.registry import READERS, Reader, choose_reader
from janus_lab.ingest.source_file import Limits, SourceFile
from janus_lab.ingest.sources import Found, read_error
from janus_lab.ports.objects import ObjectStore
from janus_lab.values.document import ParsedDocument, SourceStamp

_IN_MEMORY = 16 * 1024 * 1024
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """How sources are read and cut: a change of it makes every source worth reading again."""

    chunking: str

    def digits(self) -> str:
        """32 hexadecimal digits for readers and chunking."""
        made_by = ",".join(f"{reader.name}{reader.version}" for reader in READERS)
        return hashlib.sha256(f"{made_by} {self.chunking}".encode()).hexdigest()[:32]

    def stamp(self, found: Found, content_hash: str) -> SourceStamp:
        """What is remembered of a source: its content's hash is half of the stamp's, this recipe the other half."""
        return SourceStamp(found.origin, found.size, found.modified_ns, content_hash[:32] + self.digits())

    def unchanged(self, stamp: SourceStamp | None, found: Found) -> bool:
        """Whether a source looks as it did when it was last ingested, by this recipe."""
        return (
            stamp is not None
            and (found.path is not None or found.content_hash != "")
            and (stamp.size, stamp.modified_ns) == (found.size, found.modified_ns)
            and stamp.content_hash[32:] == self.digits()
        )


class OpenSource:
    """A source's bytes, read once: small ones are held in memory, large ones stay in their file, hashed.

    Bytes that were brought into `objects` are opened there when they are first needed.
    """

    def __init__(self, found: Found, limits: Limits, fetch: Fetch, objects: ObjectStore | None = None) -> None:
        self.found = found
        self.media_type = ""
        self.charset: str | None = None
        self.content_hash = found.content_hash
        self._limits = limits
        self._fetch = fetch
        self._objects = objects
        self._stack = ExitStack()
        self._stream: BinaryIO = io.BytesIO()
        self._size = 0
        self._brought = False

    def __enter__(self) -> Self:
        try:
            if self.found.path is not None:
                self._open(self.found.path)
            elif not self.found.content_hash:
                self._bring_from_afar()
        except OSError as error:
            self._stack.close()
            raise read_error(error) from error
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @property
    def brought(self) -> bool:
        """Whether its bytes are being read from where originals are kept."""
        return self._brought

    @contextmanager
    def rewound(self) -> Iterator[BinaryIO]:
        """The bytes from the beginning; a reader in the midst of them goes on afterwards where it was."""
        self._bring()
        position = self._stream.tell()
        self._stream.seek(0)
        yield self._stream
        self._stream.seek(position)

    def source_file(self) -> SourceFile:
        """The source as a reader gets it. Raises NotFound if it was brought and is gone since."""
        self._bring()
        return SourceFile(self.found.origin, self._stream, self._size, self._limits, self.charset)

    def _bring_from_afar(self) -> None:
        fetched = self._fetch(self.found.origin, self._limits.file_bytes)
        self._stream, self._size = io.BytesIO(fetched.data), len(fetched.data)
        self.media_type, self.charset = fetched.media_type, fetched.charset
        self.content_hash = hashlib.sha256(fetched.data).hexdigest()

    def _bring(self) -> None:
        if self._objects is None or self._size or self.found.path is not None or not self.found.content_hash:
            return
        try:
            stream = self._stack.enter_context(self._objects.open(self.found.content_hash))
        except NotFound as error:
            raise NotFound(
                "what was brought of it has been removed meanwhile", remedy="ingest it again from where it is"
            ) from error
        self._size, self._brought = self.found.size, True
        self._stream = io.BytesIO(stream.read()) if self._size <= _IN_MEMORY else stream

    def _open(self, path: Path) -> None:
        # The file may have become a pipe since it was found: never wait for one.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = self._stack.enter_context(os.fdopen(descriptor, "rb"))
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotAFile("it is no longer a regular file", remedy="save what it yields to a file and ingest that")
        self._size = status.st_size
        if self._size <= _IN_MEMORY:
            data = file.read(_IN_MEMORY + 1)
            self._stream, self._size = io.BytesIO(data), len(data)
            self.content_hash = hashlib.sha256(data).hexdigest()
            return
        self._stream = file
        if self._size <= self._limits.file_bytes:
            self.content_hash = hashlib.file_digest(file, "sha256").hexdigest()


def parse(source: OpenSource) -> tuple[Reader, SourceFile, Iterator[ParsedDocument]]:
    """The reader chosen for a source, the file it reads (with its warnings), and the documents, one after another.

    Raises UnreadableFile or a subclass, at once or while the documents are taken.
    """
    file = source.source_file()
    reader = choose_reader(file, source.media_type)
    return reader, file, _documents(reader, file)


def _documents(reader: Reader, file: SourceFile) -> Iterator[ParsedDocument]:
    count = 0
    try:
        for document in reader.load()(file):
            file.warnings.extend(document.warnings)
            if document.text.strip():
                count += 1
                yield document
    except JanusError:
        raise
    except OSError as error:
        raise read_error(error) from error
    except (MemoryError, RecursionError) as error:
        raise FileTooLarge("it is too large or too deeply nested to be read", remedy="split or simplify it") from error
    except Exception as error:  # parsers raise anything at all on hostile input; one file must not end the run
        raise CorruptFile(
            f"it can't be read as {reader.name} ({type(error).__name__}: {str(error)[:200]})",
            remedy="open it in its own program and save it again",
        ) from error
    if count == 0:
        raise nothing_found(file)


def nothing_found(file: SourceFile) -> UnreadableFile:
    """The error for a file in which no document was found."""
    detail = f" ({file.warnings[0]})" if file.warnings else ""
    return NoText(f"there is no text in it{detail}", remedy="see whether it should hold any; scans need OCR first")
