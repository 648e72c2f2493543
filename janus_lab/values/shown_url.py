"""URLs as they may be shown: what stands between scheme and host, and behind the path, stays hidden."""

from __future__ import annotations

HIDDEN = "***"


def shown_url(url: str) -> str:
    """A URL without user, password and options; `***` stands where there was a user or a password.

    It takes any text for a URL, right or wrong: whatever could be a password is left out.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return HIDDEN if "@" in url else url.partition("?")[0]
    # A password that should have been percent-encoded may hold "/", "?" or "#": the last "@" counts.
    user, at, place = rest.rpartition("@")
    if not at:
        place = rest
    shown = place.partition("?")[0].partition("#")[0]
    return f"{scheme}://{HIDDEN}@{shown}" if user or at else f"{scheme}://{shown}"
