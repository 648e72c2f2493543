"""What the hub says of a repository: its commit, its files with their hashes, its licence."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, RepoCard
from huggingface_hub.hf_api import ModelInfo

from janus_lab.adapters.hub.address import HubAddress, is_safe
from janus_lab.adapters.hub.transfer import Wanted
from janus_lab.errors import NotFound, StoreFailed

UNKNOWN_LICENCE = "unknown"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT_ID = re.compile(r"[0-9a-f]{40}")
_WORDS = 200


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit."""

    commit: str
    files: dict[str, Wanted]
    licence: str
    architectures: tuple[str, ...] = ()


def ask_for(api: HfApi, address: HubAddress, timeout: float) -> Repository:
    """What the hub says of an address. Raises StoreFailed for an answer that is none, and what the hub's client raises."""
    info = api.model_info(address.repository, revision=address.revision, files_metadata=True, timeout=timeout)
    commit = str(info.sha)
    if not _GIT_ID.fullmatch(commit):
        raise StoreFailed(
            f"the hub names no commit of {address.repository}", remedy="check that `hub_url` is a Hugging Face hub's"
        )
    files = {file.name: file for file in map(_wanted, info.siblings or ()) if file is not None}
    if not files:
        raise NotFound(f"{address.repository} has no files", remedy="choose another repository")
    return Repository(commit, files, _licence(info), _architectures(info.config))


def _wanted(sibling: Any) -> Wanted | None:
    """A file that can be fetched and checked; None for one that can't."""
    name, size = sibling.rfilename, sibling.size
    if not isinstance(name, str) or not is_safe(name) or not isinstance(size, int):
        return None
    if sibling.lfs is not None and _SHA256.fullmatch(str(sibling.lfs.sha256)):
        return Wanted(name, int(sibling.lfs.size), sha256=sibling.lfs.sha256)
    if _GIT_ID.fullmatch(str(sibling.blob_id)):
        return Wanted(name, size, git_id=sibling.blob_id)
    return None


def _licence(info: ModelInfo) -> str:
    stated = _of_card(info.card_data)
    if stated != UNKNOWN_LICENCE:
        return stated
    tags = [tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")]
    return tags[0][:_WORDS] if tags else UNKNOWN_LICENCE


def architectures_of_config(config: Path) -> tuple[str, ...]:
    """What a model's configuration on this machine says it is."""
    try:
        return _architectures(json.loads(config.read_text(encoding="utf-8", errors="replace")))
    except (OSError, ValueError):
        return ()


def _architectures(config: Any) -> tuple[str, ...]:
    named = config.get("architectures") if isinstance(config, dict) else None
    return tuple(name for name in named if isinstance(name, str)) if isinstance(named, list) else ()


def licence_of_card(card: Path) -> str:
    """The licence that a model card on this machine states, in its publisher's words."""
    try:
        return _of_card(RepoCard(card.read_text(encoding="utf-8", errors="replace"), ignore_metadata_errors=True).data)
    except (OSError, ValueError):
        return UNKNOWN_LICENCE


def _of_card(data: Any) -> str:
    """A card's licence; "other (NAME)" where its publisher has one of their own."""
    stated, named = getattr(data, "license", None), getattr(data, "license_name", None)
    if isinstance(stated, list):
        stated = ", ".join(map(str, stated))
    if not isinstance(stated, str) or not stated.strip():
        return UNKNOWN_LICENCE
    return (f"other ({named})" if stated == "other" and named else stated)[:_WORDS]
