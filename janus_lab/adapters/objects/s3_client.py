"""One way to speak to an S3 server: a pool of connections, bounded waits and retries, and two requests `minio` lacks."""

from __future__ import annotations

import urllib3
from minio import Minio

from janus_lab.adapters.objects.address import Address

CONNECT_SECONDS = 5.0
REPLY_SECONDS = 60.0
"""How long one piece of a reply may take, on a server whose disk is busy."""
RETRIES = 5
_BACKOFF_SECONDS = 0.1
"""Doubled from retry to retry: three seconds in all, which bridges a server's restart."""
_CONNECTIONS = 16
_UNAVAILABLE = (502, 503, 504)


class S3Client(Minio):
    """The driver, with writes that never replace and with the uploads that were left unfinished.

    Both use requests that `minio` makes for itself without offering them (7.2.20).
    """

    def put_new(self, bucket: str, name: str, data: bytes) -> None:
        """Write an object unless there is one of that name already; then PreconditionFailed."""
        self._put_object(bucket, name, data, {"Content-Type": "application/octet-stream", "If-None-Match": "*"})

    def unfinished(self, bucket: str, name: str) -> list[str]:
        """The ids of uploads of this object in parts that were neither completed nor aborted."""
        found = self._list_multipart_uploads(bucket, prefix=name).uploads
        return [str(upload.upload_id) for upload in found if upload.object_name == name]

    def abort(self, bucket: str, name: str, upload: str) -> None:
        """Throw away the parts of an unfinished upload."""
        self._abort_multipart_upload(bucket, name, upload)


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
            redirect=0,
            backoff_factor=_BACKOFF_SECONDS,
            status_forcelist=_UNAVAILABLE,
            allowed_methods=None,
            raise_on_status=False,
            respect_retry_after_header=False,
        ),
    )
