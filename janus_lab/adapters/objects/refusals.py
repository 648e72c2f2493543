"""What an S3 server's refusals, and its silence, mean to the user."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from janus_lab.adapters.objects.address import Address
from janus_lab.errors import AccessDenied, DiskFull, JanusError, SettingsError, StoreFailed, StoreUnreachable

ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})
"""Codes of an object that is not there; asking for a delete marker is not allowed."""
_BUSY = frozenset({"SlowDown", "ServiceUnavailable", "XMinioServerNotInitialized", "SlowDownRead", "SlowDownWrite"})
_NO_SPACE = os.strerror(errno.ENOSPC).lower()
"""Until MinIO has noticed that a disk is full, it hands on the system's words as an internal error."""
_INSUFFICIENT_STORAGE = 507
_FROM_UNAVAILABLE = 502
_WRONG_KEY = (
    AccessDenied,
    "the object store at {address.shown} refuses the key or the secret",
    "put the right KEY:SECRET into objects_url in janus.toml, or into .env (percent-encode special characters)",
)
_FULL = (
    DiskFull,
    "the object store at {address.shown} has no space left",
    "free space on its disks or raise its quota, then repeat; nothing stored is lost",
)
_MEANINGS: dict[str, tuple[type[JanusError], str, str]] = {
    "InvalidAccessKeyId": _WRONG_KEY,
    "SignatureDoesNotMatch": _WRONG_KEY,
    "XMinioStorageFull": _FULL,
    "XMinioAdminBucketQuotaExceeded": _FULL,
    "QuotaExceeded": _FULL,
    "RequestTimeTooSkewed": (
        AccessDenied,
        "the object store at {address.shown} refuses requests: its clock and this machine's differ too much",
        "set both clocks (`timedatectl set-ntp true`), then try again",
    ),
    "AccessDenied": (
        AccessDenied,
        "the key may not do this in the bucket {address.bucket!r} at {address.shown}",
        "let the key list, read, write and delete in {address.bucket!r}, or give another in objects_url",
    ),
    "AuthorizationHeaderMalformed": (
        SettingsError,
        "the bucket at {address.shown} is in another region",
        "set ?region=… in objects_url to the bucket's",
    ),
    "NoSuchBucket": (
        StoreFailed,
        "the bucket {address.bucket!r} at {address.shown} is gone",
        "restore it from a backup, or restart Janus Lab to begin with an empty one",
    ),
}
"""What a server's code means: error, message, remedy."""


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn a driver's errors within into ours."""
    try:
        yield
    except S3Error as error:
        full = _NO_SPACE in (error.message or "").lower()
        raise refusal(address, "XMinioStorageFull" if full else error.code or "", error.response.status) from error
    except ServerError as error:
        raise refusal(address, "", error.status_code) from error
    except InvalidResponseError as error:
        raise StoreFailed(
            f"what answers at {address.shown} does not speak S3",
            remedy="check host, port and tls in objects_url; the console of MinIO has another port",
        ) from error
    except HTTPError as error:
        raise unreachable(address) from error
    except (MinioException, ValueError) as error:
        raise StoreFailed(
            f"the object store at {address.shown} can't be used: {type(error).__name__}",
            remedy="check objects_url with `janus doctor`",
        ) from error


def unreachable(address: Address) -> StoreUnreachable:
    """The error for a server that does not answer."""
    way = "TLS" if address.tls else "plain HTTP"
    return StoreUnreachable(
        f"no object store answers at {address.shown} over {way}",
        remedy="start it (`docker compose up -d minio`), or correct host, port and ?tls= in objects_url, then try again",
    )


def refusal(address: Address, code: str, status: int) -> JanusError:
    """Our error for a server's: by its code, or by its HTTP status where it gives none."""
    if code not in _MEANINGS and status == _INSUFFICIENT_STORAGE:
        code = "XMinioStorageFull"
    if code in _MEANINGS:
        kind, message, remedy = _MEANINGS[code]
        return kind(message.format(address=address), remedy=remedy.format(address=address))
    if code in _BUSY or status >= _FROM_UNAVAILABLE:
        return unreachable(address)
    return StoreFailed(
        f"the object store at {address.shown} refused: {code or f'HTTP status {status}'}",
        remedy="look into the server's log, then try again",
    )
