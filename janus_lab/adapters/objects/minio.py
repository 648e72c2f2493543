"""Objects in a bucket of an S3 server such as MinIO, named by their hash as in the folder.

The name is known only when all bytes are, so they are read twice; they go up in one request or in parts, and the server
shows an object once it is whole.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import BinaryIO
from urllib.parse import quote

from minio.error import S3Error
from urllib3.response import BaseHTTPResponse

from janus_lab.adapters.objects.address import Address, read_address
from janus_lab.adapters.objects.bucket import prepare_bucket
from janus_lab.adapters.objects.keys import absent, key_of, object_name
from janus_lab.adapters.objects.pieces import Source, open_source
from janus_lab.adapters.objects.reader import open_reader
from janus_lab.adapters.objects.refusals import ABSENT, translated, unreachable
from janus_lab.adapters.objects.s3_client import S3Client, make_client, make_pool
from janus_lab.adapters.objects.upload import send_parts
from janus_lab.errors import UserError
from janus_lab.ports.objects import ObjectStore

_THERE_ALREADY = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_NO_CONDITIONS = frozenset({"NotImplemented"})
"""How a server refuses to write only what is new."""
_LONGEST_LINK = 7 * 24 * 3600
_PATH_SIGNS = re.compile(r"[\x00-\x1f\x7f/\\]")


@contextmanager
def open_objects(url: str) -> Iterator[ObjectStore]:
    """The objects in the bucket at `url` (s3://KEY:SECRET@host:port/bucket), which is made if need be.

    Raises SettingsError, AccessDenied or StoreUnreachable.
    """
    address = read_address(url)
    pool = make_pool()
    try:
        with translated(address):
            client = make_client(address, pool)
        prepare_bucket(client, address)
        yield BucketObjects(client, address)
    finally:
        pool.clear()


class BucketObjects:
    """Objects `ab/cdef…` in a bucket; safe from several threads, and from several processes that each open their own."""

    def __init__(self, client: S3Client, address: Address) -> None:
        self._client = client
        self._address = address
        self._bucket = address.bucket

    def put(self, data: BinaryIO) -> str:
        """Store everything `data` yields and return its key. Raises DiskFull, and leaves nothing, if it does not fit."""
        with open_source(data) as source:
            name = object_name(source.key)
            with translated(self._address):
                if source.only is not None:
                    self._send(name, source.only, source.key)
                elif self._size(name) is None:
                    self._send_parts(name, source)
            return source.key

    def open(self, key: str) -> BinaryIO:
        """The bytes of an object, to be closed by the caller. Raises NotFound, or UserError for what is no key."""
        name = object_name(key)

        def request(offset: int) -> BaseHTTPResponse:
            with translated(self._address):
                try:
                    return self._client.get_object(self._bucket, name, offset=offset)
                except S3Error as error:
                    if error.code in ABSENT:
                        raise absent(key) from error
                    raise

        return open_reader(request, lambda: unreachable(self._address))

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        with translated(self._address):
            return self._size(object_name(key)) is not None

    def size(self, key: str) -> int:
        """Its size in bytes. Raises NotFound."""
        with translated(self._address):
            size = self._size(object_name(key))
        if size is None:
            raise absent(key)
        return size

    def remove(self, key: str) -> bool:
        """Remove an object, in all versions that the bucket keeps; False if it was not there."""
        name, there = object_name(key), False
        with translated(self._address):
            for version in self._client.list_objects(self._bucket, prefix=name, include_version=True):
                there |= bool(version.is_latest) and not version.is_delete_marker
                self._client.remove_object(self._bucket, name, version_id=version.version_id)
        return there

    def keys(self) -> Iterator[str]:
        """Every object's key, in no order."""
        with translated(self._address):
            for found in self._client.list_objects(self._bucket, recursive=True):
                if key := key_of(found.object_name or ""):
                    yield key

    def link(self, key: str, *, seconds: int, filename: str) -> str:
        """A URL that gives the object to anybody who has it, for so many seconds, as a download named `filename`.

        Raises NotFound, or UserError for a time that is not between a second and seven days.
        """
        if not 1 <= seconds <= _LONGEST_LINK:
            raise UserError(
                f"a link can't last {seconds} seconds", remedy=f"choose between 1 and {_LONGEST_LINK} seconds"
            )
        self.size(key)
        name = quote(_PATH_SIGNS.sub("_", filename), safe="")
        with translated(self._address):
            return self._client.presigned_get_object(
                self._bucket,
                object_name(key),
                expires=timedelta(seconds=seconds),
                # Never shown by a browser as a page of the server's: the bytes come from anywhere.
                response_headers={
                    "response-content-disposition": f"attachment; filename*=UTF-8''{name}",
                    "response-content-type": "application/octet-stream",
                },
            )

    def _size(self, name: str) -> int | None:
        try:
            return self._client.stat_object(self._bucket, name).size
        except S3Error as error:
            if error.code in ABSENT:
                return None
            raise

    def _send(self, name: str, data: bytes, sha256: str) -> None:
        try:
            self._client.put_new(self._bucket, name, data, sha256)
        except S3Error as error:
            if error.code in _NO_CONDITIONS:
                self._client.put_object(self._bucket, name, io.BytesIO(data), len(data))
            elif error.code not in _THERE_ALREADY or self._size(name) != len(data):
                raise

    def _send_parts(self, name: str, source: Source) -> None:
        try:
            send_parts(self._client, self._bucket, name, source, signed=not self._address.safe_transport)
        except S3Error as error:
            # Another writer of the same bytes was first and has cleared up behind itself.
            if error.code != "NoSuchUpload" or self._size(name) != source.size:
                raise
        # A writer that was killed left its parts, which are of no use now that the object is there.
        for upload in self._client.unfinished(self._bucket, name):
            self._client.abort(self._bucket, name, upload)
