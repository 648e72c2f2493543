"""What an `s3://` URL says: where the server is, which bucket, and how to speak to it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from janus_lab.errors import SettingsError

_FORM = (
    "set objects_url to s3://KEY:SECRET@host:port/bucket, with ?tls=on|off, region=… and versioning=on|off as needed"
)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SWITCH = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Address:
    """A bucket on a server, and the key to it. `versioning` None: as the bucket has it."""

    endpoint: str
    bucket: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    tls: bool
    region: str | None = None
    versioning: bool | None = None

    @property
    def shown(self) -> str:
        """Fit for messages: without key, secret and options."""
        return f"s3://{self.endpoint}/{self.bucket}"

    @property
    def safe_transport(self) -> bool:
        """Whether nobody can change bytes on their way: TLS, or they never leave this machine."""
        return self.tls or _loopback(urlsplit(f"//{self.endpoint}").hostname or "")


def read_address(url: str) -> Address:
    """The address in an `s3://` URL. Raises SettingsError for one that is incomplete or means nothing."""
    parts = urlsplit(url)
    try:
        port, host = parts.port, parts.hostname
    except ValueError:
        # The words of the error may quote a secret that was not percent-encoded.
        raise SettingsError("objects_url has no usable port", remedy=_FORM) from None
    if not host or not parts.username or not parts.password:
        raise SettingsError("objects_url names no server, or no key and secret", remedy=_FORM)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls, versioning = _switch(options, "tls"), _switch(options, "versioning")
    region = options.pop("region", None) or None
    if options:
        raise SettingsError(f"objects_url has the option {min(options)!r}, which is none", remedy=_FORM)
    name = f"[{host}]" if ":" in host else host
    return Address(
        endpoint=f"{name}:{port}" if port else name,
        bucket=_bucket(parts.path.strip("/")),
        key=unquote(parts.username),
        secret=unquote(parts.password),
        tls=not _loopback(host) if tls is None else tls,
        region=region,
        versioning=versioning,
    )


def _switch(options: dict[str, str], name: str) -> bool | None:
    value = options.pop(name, None)
    if value is None:
        return None
    if value not in _SWITCH:
        raise SettingsError(f"objects_url sets {name} to {value!r}", remedy=f"set {name} to on or off")
    return _SWITCH[value]


def _bucket(name: str) -> str:
    if not _BUCKET.fullmatch(name) or ".." in name:
        raise SettingsError(
            f"{name[:80]!r} can't be the name of a bucket",
            remedy="name in objects_url a bucket of 3 to 63 small letters, digits, dots and hyphens",
        )
    return name


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
