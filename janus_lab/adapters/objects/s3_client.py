"""One way to speak to an S3 server: a pool of connections, bounded waits and retries, and two requests `minio` lacks."""

from __future__ import annotations

from datetime import datetime

import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.datatypes import Part

from janus_lab.adapters.objects.address import Address

CONNECT_SECONDS = 5.0
REPLY_SECONDS = 30.0
"""How long one piece of a reply may take, on a server whose disk is busy."""
RETRIES = 5
_SILENCES = 2
"""So often a reply that broke off or did not come is asked for again."""
_BACKOFF_SECONDS = 0.1
"""Doubled from retry to retry: three seconds in all, which bridges a server's restart."""
_CONNECTIONS = 16
_TYPE = "application/octet-stream"
_SHA256 = "x-amz-content-sha256"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_UNAVAILABLE = (502, 503, 504)


class S3Client(Minio):
    """The driver, with writes that never replace, and with bodies whose hash is known already or not wanted.

    All use requests that `minio` makes for itself without offering them (7.2.20).
    """

    def put_new(self, bucket: str, name: str, data: bytes, sha256: str) -> None:
        """Write an object unless there is one of that name already; then PreconditionFailed."""
        self._put_object(bucket, name, data, {"Content-Type": _TYPE, "If-None-Match": "*", _SHA256: sha256})

    def begin(self, bucket: str, name: str) -> str:
        """Begin an upload in parts, and give its id."""
        return self._create_multipart_upload(bucket, name, {"Content-Type": _TYPE})

    def put_part(self, bucket: str, name: str, upload: str, *, number: int, data: bytes, signed: bool) -> str:
        """Send a part, numbered from 1. Not `signed`, it rests on the connection that the bytes arrive as they were sent."""
        headers: dict[str, str | list[str] | tuple[str]] = {} if signed else {_SHA256: _UNSIGNED}
        return self._upload_part(bucket, name, data, headers, upload, number)

    def complete(self, bucket: str, name: str, upload: str, parts: list[Part]) -> None:
        """Make the object of its parts."""
        self._complete_multipart_upload(bucket, name, upload, parts)

    def unfinished(self, bucket: str, name: str) -> list[str]:
        """The ids of uploads of this object in parts that were neither completed nor aborted."""
        found = self._list_multipart_uploads(bucket, prefix=name).uploads
        return [str(upload.upload_id) for upload in found if upload.object_name == name]

    def abort(self, bucket: str, name: str, upload: str) -> None:
        """Throw away the parts of an unfinished upload."""
        self._abort_multipart_upload(bucket, name, upload)

    def _build_headers(
        self,
        host: str,
        headers: dict[str, str | list[str] | tuple[str]] | None = None,
        body: bytes | None = None,
        creds: Credentials | None = None,
    ) -> tuple[dict[str, str | list[str] | tuple[str]], datetime]:
        if headers is None or body is None or _SHA256 not in headers:
            return super()._build_headers(host, headers, body, creds)
        # The driver would hash the body all the same.
        known = headers[_SHA256]
        headers, date = super()._build_headers(host, headers, None, creds)
        headers.pop("Content-MD5", None)
        return {**headers, _SHA256: known, "Content-Length": str(len(body))}, date


def make_client(address: Address, pool: urllib3.PoolManager) -> S3Client:
    """A client of the server at `address` that shares the connections of `pool`."""
    return S3Client(
        address.endpoint,
        access_key=address.key,
        secret_key=address.secret,
        secure=address.tls,
        region=address.region,
        http_client=pool,
    )


def make_pool(*, retries: int = RETRIES) -> urllib3.PoolManager:
    """Connections to servers, checked against the certificates this machine trusts (and those in SSL_CERT_FILE)."""
    return urllib3.PoolManager(
        maxsize=_CONNECTIONS,
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=REPLY_SECONDS),
        # Every request of ours may be repeated: keys come from content. A server's own wish to wait a minute is not ours.
        retries=urllib3.Retry(
            retries,
            read=min(retries, _SILENCES),
            redirect=0,
            backoff_factor=_BACKOFF_SECONDS,
            status_forcelist=_UNAVAILABLE,
            allowed_methods=None,
            raise_on_status=False,
            respect_retry_after_header=False,
        ),
    )
