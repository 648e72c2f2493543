"""What `janus doctor` asks an S3 server: is it there, may we, is there room, and is it the same time there."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from uuid import uuid4

from minio import MinioAdmin
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, S3Error
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from janus_lab.adapters.objects.address import Address, read_address
from janus_lab.adapters.objects.refusals import translated, unreachable
from janus_lab.adapters.objects.s3_client import S3Client, make_client, make_pool
from janus_lab.errors import JanusError, StoreFailed
from janus_lab.values.health import Check, Verdict

_NAME = "object store"
_PROBES = "doctor/"
"""Where the check writes; no key of an object begins like this."""
_SKEW_SECONDS = 60.0
_REFUSED_SKEW_SECONDS = 900.0
"""S3 servers refuse what was signed a quarter of an hour from now."""
_GIB = 1024**3
_FULL_BYTES = 1 * _GIB
_LOW_BYTES = 5 * _GIB


def checks(url: str) -> Iterator[Check]:
    """Reachable, clock, credentials, bucket, permission to write, and free disk where the server tells. Never raises."""
    try:
        address = read_address(url)
        pool = make_pool(retries=0)
        try:
            yield from _greeting(pool, address)
            with translated(address):
                client = make_client(address, pool)
            yield _bucket(client, address)
            yield from _disk(pool, address)
        finally:
            pool.clear()
    except JanusError as error:
        yield Check(_NAME, Verdict.FAILED, error.message, error.remedy)


def _greeting(pool: PoolManager, address: Address) -> Iterator[Check]:
    """Whether anything answers, and how its clock differs from ours."""
    try:
        answer = pool.request("GET", f"{'https' if address.tls else 'http'}://{address.endpoint}/minio/health/live")
    except HTTPError as error:
        raise unreachable(address) from error
    server = answer.headers.get("server", "an S3 server")
    yield Check(_NAME, Verdict.OK, f"{server} answers at {address.shown}")
    if told := answer.headers.get("date"):
        yield _clock(time.time() - parsedate_to_datetime(told).timestamp())


def _clock(difference: float) -> Check:
    detail = f"this machine is {abs(difference):.0f} s {'ahead of' if difference > 0 else 'behind'} the server"
    remedy = "set both clocks (`timedatectl set-ntp true`): requests that seem a quarter of an hour old are refused"
    if abs(difference) > _REFUSED_SKEW_SECONDS:
        return Check(f"{_NAME} clock", Verdict.FAILED, detail, remedy)
    if abs(difference) > _SKEW_SECONDS:
        return Check(f"{_NAME} clock", Verdict.WARNING, detail, remedy)
    return Check(f"{_NAME} clock", Verdict.OK, "the same time here and there")


def _bucket(client: S3Client, address: Address) -> Check:
    """Whether the key opens the bucket and may write there. A bucket that is missing is made when the store is first used."""
    name = f"{_PROBES}{uuid4().hex}"
    with translated(address):
        try:
            client.put_new(address.bucket, name, b"", hashlib.sha256().hexdigest())
            client.remove_object(address.bucket, name)
            next(client.list_objects(address.bucket), None)
        except S3Error as error:
            if error.code != "NoSuchBucket":
                raise
            return Check(
                f"{_NAME} bucket",
                Verdict.WARNING,
                f"there is no bucket {address.bucket!r} yet",
                "nothing, if the key may make buckets: it is made on first use",
            )
    return Check(f"{_NAME} bucket", Verdict.OK, f"{address.bucket!r} can be listed, read and written")


def _disk(pool: PoolManager, address: Address) -> Iterator[Check]:
    """Free space, which only MinIO tells, and only to a key that may administer it."""
    try:
        free = _free_bytes(pool, address)
    except JanusError:
        return
    detail = f"{free / _GIB:.1f} GiB free"
    if free < _FULL_BYTES:
        yield Check(f"{_NAME} disk", Verdict.FAILED, detail, "free space on the server: it refuses to write soon")
    elif free < _LOW_BYTES:
        yield Check(f"{_NAME} disk", Verdict.WARNING, detail, "free space on the server before a large ingest")
    else:
        yield Check(f"{_NAME} disk", Verdict.OK, detail)


def _free_bytes(pool: PoolManager, address: Address) -> int:
    provider = StaticProvider(address.key, address.secret)
    with translated(address):
        admin = MinioAdmin(endpoint=address.endpoint, credentials=provider, secure=address.tls, http_client=pool)
        try:
            told = json.loads(admin.info())
            return sum(drive["availspace"] for server in told["servers"] for drive in server["drives"])
        except (MinioAdminException, KeyError, ValueError) as error:
            raise StoreFailed(
                f"{address.shown} does not tell its free space", remedy="ask its administrator"
            ) from error
