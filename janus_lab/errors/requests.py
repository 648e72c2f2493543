"""What a person asked for and can't have as it was asked."""

from __future__ import annotations

from janus_lab.errors.families import UserError


class NotFound(UserError):
    """A named document, run, collection or path does not exist."""

    code = "not-found"


class AmbiguousId(NotFound):
    """The first digits of an id that several runs or documents begin with."""

    code = "ambiguous-id"


class StateChanged(UserError):
    """Somebody else has written what was to be changed since it was read."""

    code = "state-changed"


class UsageError(UserError):
    """A verb was called with options or arguments it does not take."""

    code = "bad-usage"
