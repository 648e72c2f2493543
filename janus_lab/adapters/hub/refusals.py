"""What a hub's refusal means to the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from janus_lab.adapters.hub.address import HubAddress
from janus_lab.errors import HubUnreachable, JanusError, ModelGated, NotFound, StoreFailed
from janus_lab.values.shown_url import shown_url

_FORBIDDEN = (401, 403)
_BUSY = 429
_OWN_FAULT = 500


@contextmanager
def translated(hub: str, address: HubAddress) -> Iterator[None]:
    """Turn what the hub's client and HTTP raise within into our errors."""
    try:
        yield
    except (HfHubHTTPError, httpx.HTTPError, OfflineModeIsEnabled) as error:
        raise refusal(hub, address, error) from error


def refusal(hub: str, address: HubAddress, error: Exception) -> JanusError:
    """Our error for one of the hub's."""
    place = f"{shown_url(hub)}/{address.repository}"
    if isinstance(error, OfflineModeIsEnabled):
        return offline(address)
    if isinstance(error, GatedRepoError):
        return gated(hub, address)
    for kind, (what, remedy) in _absent(address, place).items():
        if isinstance(error, kind):
            return NotFound(what, remedy=remedy)
    if isinstance(error, HfHubHTTPError):
        return _answered(hub, address, error.response.status_code)
    return HubUnreachable(
        f"{shown_url(hub)} does not answer ({type(error).__name__})",
        remedy="check the network and `hub_url`, then repeat: what was fetched is kept",
    )


def _absent(address: HubAddress, place: str) -> dict[type[Exception], tuple[str, str]]:
    """What is not there, and what to do, by the client's error."""
    return {
        RevisionNotFoundError: (f"{address.repository} has no revision {address.revision!r}", f"see {place}"),
        EntryNotFoundError: (
            f"{address.repository} has no file {address.file!r}",
            f"see {place}/tree/{address.revision}",
        ),
        RepositoryNotFoundError: (
            f"there is no repository {address.repository}, or it is private",
            "check its name; for a private one log in with `hf auth login`, or set HF_TOKEN where the worker starts",
        ),
    }


def gated(hub: str, address: HubAddress) -> ModelGated:
    """The error for a model whose publisher wants to be asked."""
    return ModelGated(
        f"{address.repository} is only for those whom its publisher let in",
        remedy=f"ask for access at {shown_url(hub)}/{address.repository}, log in with `hf auth login` (or HF_TOKEN), then repeat",
    )


def offline(address: HubAddress) -> NotFound:
    """The error for a model that is not here while the hub is not to be asked."""
    return NotFound(
        f"{address.uri} is not on this machine, and the hub is not asked while Janus is offline",
        remedy="set hub_offline = false (and unset HF_HUB_OFFLINE), then pull it",
    )


def _answered(hub: str, address: HubAddress, status: int) -> JanusError:
    if status in _FORBIDDEN:
        return gated(hub, address)
    if status == _BUSY or status >= _OWN_FAULT:
        return HubUnreachable(
            f"{shown_url(hub)} can't serve this now (HTTP {status})", remedy="repeat later: what was fetched is kept"
        )
    return StoreFailed(
        f"{shown_url(hub)} refuses {address.repository} (HTTP {status})", remedy="check the model's name and `hub_url`"
    )
