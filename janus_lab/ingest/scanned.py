"""What a scan found, handed on: from the client that brings it, or from a run to its shares."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from janus_lab.errors import NotFound
from janus_lab.ingest.chunker import ChunkSize
from janus_lab.ingest.reading import Recipe
from janus_lab.ingest.sources import Found, Scan
from janus_lab.ports.documents import SourceIndex
from janus_lab.ports.ledger import Ledger
from janus_lab.values.codec import from_json
from janus_lab.values.document import SourceStamp
from janus_lab.values.request import IngestRequest, NamedSource, Scanned
from janus_lab.values.run import OPEN, RunKind

_STAMPS_AT_ONCE = 500
_OPEN_AT_MOST = 10_000


def named(found: Found) -> NamedSource:
    """A source as a request names it; a path's bytes are kept, whatever they mean."""
    uri = found.path.as_uri() if found.path is not None else ""
    return NamedSource(found.origin, uri, found.size, found.modified_ns, found.content_hash)


def scan_of(scanned: Scanned) -> Scan:
    """What a request says was found."""
    return Scan([_found(source) for source in scanned.found], list(scanned.failures), scanned.unchanged)


def known_stamps(sources: SourceIndex, collection: str, origins: Sequence[str]) -> dict[str, SourceStamp]:
    """The stamps of those origins that were ingested before."""
    stamps: dict[str, SourceStamp] = {}
    for start in range(0, len(origins), _STAMPS_AT_ONCE):
        stamps |= sources.stamps(collection, origins[start : start + _STAMPS_AT_ONCE])
    return stamps


def pending(scan: Scan, sources: SourceIndex, request: IngestRequest, size: ChunkSize) -> Scan:
    """A scan without the files that look as they did when they were last ingested; with `verify`, all of it."""
    if request.verify:
        return scan
    recipe = Recipe(str(size))
    stamps = known_stamps(sources, request.collection, [found.origin for found in scan.found])
    left = [found for found in scan.found if not recipe.unchanged(stamps.get(found.origin), found)]
    return replace(scan, found=left, unchanged=scan.unchanged + len(scan.found) - len(left))


def brought(request: IngestRequest) -> set[str]:
    """The original bytes that were brought for a run."""
    if request.scanned is None:
        return set()
    return {source.content_hash for source in request.scanned.found if source.content_hash}


def awaited(ledger: Ledger, own: str) -> set[str]:
    """The original bytes that were brought for open runs other than `own`; shares read what their run was brought."""
    runs = ledger.find(kinds=(RunKind.INGEST,), states=OPEN, limit=_OPEN_AT_MOST, brief=True)
    found: set[str] = set()
    for run in runs:
        if run.id != own:
            # Read for itself, since it may name very many sources; one that was forgotten awaits nothing.
            with suppress(NotFound):
                found |= brought(from_json(IngestRequest, ledger.get(run.id).request))
    return found


def _found(source: NamedSource) -> Found:
    path = Path(os.fsdecode(unquote_to_bytes(urlsplit(source.uri).path))) if source.uri else None
    return Found(source.origin, path, source.size, source.modified_ns, source.content_hash)
