"""URLs as they may be shown: what stands between scheme and host, and behind the path, is left out."""

from __future__ import annotations

HIDDEN = "***"


def shown_url(url: str) -> str:
    """A URL without user, password and options, as adapters' messages show theirs.

    It takes any text for a URL, right or wrong: whatever could be a password is left out. `***` is what can't be shown at all.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return HIDDEN if "@" in url else url.partition("?")[0]
    # A password that should have been percent-encoded may hold "/", "?" or "#": the last "@" counts.
    place = rest.rpartition("@")[2]
    return f"{scheme}://{place.partition('?')[0].partition('#')[0]}"
