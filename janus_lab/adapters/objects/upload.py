"""An object sent in parts, several at a time; the server shows it when all are there, and checks the hash of each."""

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


def send_parts(client: S3Client, bucket: str, name: str, source: Source) -> None:
    """Upload the source as `name`. Raises the driver's errors, and then leaves no parts where the server still answers."""
    upload = client.begin(bucket, name)
    pieces = enumerate(source.pieces(), start=1)

    def send(number: int, sha256: str, data: bytes) -> Part:
        return Part(number, client.put_part(bucket, name, upload, number=number, data=data, sha256=sha256))

    try:
        parts: list[Part] = []
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            waiting = [pool.submit(send, n, *piece) for n, piece in islice(pieces, _AT_A_TIME)]
            while waiting:
                parts.append(waiting.pop(0).result())
                waiting += [pool.submit(send, n, *piece) for n, piece in islice(pieces, 1)]
        client.complete(bucket, name, upload, parts)
    except BaseException:
        with suppress(MinioException, HTTPError):
            client.abort(bucket, name, upload)
        raise
