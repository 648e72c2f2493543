"""Licences of models: which let anybody use a model for anything, and which a person has to read first."""

from __future__ import annotations

import re

from janus_lab.errors import LicenceNotAccepted

_OPEN = frozenset(
    {
        "0bsd",
        "afl-3.0",
        "apache-2.0",
        "apache 2.0",
        "artistic-2.0",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "bsl-1.0",
        "cc-by-4.0",
        "cc-by-sa-4.0",
        "cc0-1.0",
        "cdla-permissive-2.0",
        "isc",
        "mit",
        "mpl-2.0",
        "ms-pl",
        "ncsa",
        "postgresql",
        "unlicense",
        "wtfpl",
        "zlib",
    }
)
"""SPDX identifiers, and how model cards write them. What forbids or demands anything of a user beyond naming authors is not here."""
_JOINED = re.compile(r"\s+(?:and|or)\s+|,\s*|[()]")


def is_open(licence: str) -> bool:
    """Whether everything that a licence names lets anybody use the model for anything."""
    parts = [part for part in _JOINED.split(licence.strip().lower()) if part]
    return bool(parts) and all(part in _OPEN for part in parts)


def require_accepted(name: str, licence: str, source: str, *, accepted: bool) -> None:
    """Raise LicenceNotAccepted unless the licence is open, or was accepted."""
    if accepted or is_open(licence):
        return
    what = f"comes under {licence}" if licence != "unknown" else "states no licence"
    raise LicenceNotAccepted(
        f"{name} {what}, which nobody here has accepted",
        remedy=f"read its terms at {source}; if you agree, repeat with --accept-licence",
    )
