"""An object sent in parts, several at a time; the server shows it when all are there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice

from minio.datatypes import Part
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from janus_lab.adapters.objects.pieces import Source
from janus_lab.adapters.objects.s3_client import S3Client

_AT_A_TIME = 4


def send_parts(client: S3Client, bucket: str, name: str, source: Source, *, signed: bool) -> None:
    """Upload the source as `name`; if `signed`, the server compares each part with its hash.

    Raises the driver's errors, or StoreFailed for a source that changed; then no parts are left where the server answers.
    """
    upload = client.begin(bucket, name)
    pieces = enumerate(source.pieces(), start=1)

    def send(number: int, data: bytes) -> Part:
        return Part(number, client.put_part(bucket, name, upload, number=number, data=data, signed=signed))

    try:
        parts: list[Part] = []
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            waiting = [pool.submit(send, *piece) for piece in islice(pieces, _AT_A_TIME)]
            while waiting:
                # The next piece is read, and hashed again, while others are on their way.
                waiting += [pool.submit(send, *piece) for piece in islice(pieces, 1)]
                parts.append(waiting.pop(0).result())
        client.complete(bucket, name, upload, parts)
    except BaseException:
        with suppress(MinioException, HTTPError):
            client.abort(bucket, name, upload)
        raise
