"""The bucket an object store needs: there, reachable with the key, and keeping versions or not."""

from __future__ import annotations

from minio.commonconfig import ENABLED
from minio.error import S3Error
from minio.versioningconfig import SUSPENDED, VersioningConfig

from janus_lab.adapters.objects.address import Address
from janus_lab.adapters.objects.refusals import translated
from janus_lab.adapters.objects.s3_client import S3Client
from janus_lab.errors import AccessDenied, SettingsError

_OURS_ALREADY = "BucketAlreadyOwnedByYou"
_TAKEN = frozenset({"BucketAlreadyExists"})
_FORBIDDEN = frozenset({"AccessDenied", "AllAccessDisabled"})
_UNKNOWN = frozenset({"NotImplemented", "MethodNotAllowed"})
_KEPT = "Enabled"


def prepare_bucket(client: S3Client, address: Address) -> None:
    """Make the bucket where it is missing, and let it keep versions or not, as the address says.

    Raises AccessDenied where the key may not, StoreUnreachable, or SettingsError.
    """
    with translated(address):
        if not _is_there(client, address):
            _make(client, address)
        if address.versioning is not None:
            _set_versioning(client, address, keep=address.versioning)


def _is_there(client: S3Client, address: Address) -> bool:
    """Asked by listing, whose answer tells a wrong key from a missing bucket; a HEAD request has no room to."""
    try:
        next(client.list_objects(address.bucket), None)
    except S3Error as error:
        if error.code == "NoSuchBucket":
            return False
        raise
    return True


def _make(client: S3Client, address: Address) -> None:
    try:
        client.make_bucket(address.bucket, address.region)
    except S3Error as error:
        if error.code in _FORBIDDEN:
            raise AccessDenied(
                f"there is no bucket {address.bucket!r} at {address.shown}, and the key may not make it",
                remedy=f"make the bucket {address.bucket!r} with a key that may, or name one that is there in objects_url",
            ) from error
        if error.code in _TAKEN:
            raise SettingsError(
                f"the bucket {address.bucket!r} at {address.shown} belongs to somebody else",
                remedy="name another bucket in objects_url",
            ) from error
        # Another process that opens the same store may have been quicker.
        if error.code != _OURS_ALREADY:
            raise


def _set_versioning(client: S3Client, address: Address, *, keep: bool) -> None:
    try:
        if (client.get_bucket_versioning(address.bucket).status == _KEPT) != keep:
            client.set_bucket_versioning(address.bucket, VersioningConfig(ENABLED if keep else SUSPENDED))
    except S3Error as error:
        if error.code in _UNKNOWN:
            raise SettingsError(
                f"the server at {address.shown} keeps no versions", remedy="leave versioning= out of objects_url"
            ) from error
        raise
