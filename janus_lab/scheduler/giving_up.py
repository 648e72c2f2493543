"""When somebody who waits for a person gives up."""

from __future__ import annotations

from janus_lab.errors import AdmissionClosed, LeaseTimeout
from janus_lab.values.lease import Grant, GrantState
from janus_lab.values.weights import spoken

CLOSED_SECONDS = 30.0
"""So long what a machine has may be unknown: its sampler may just be starting."""
FULL_SECONDS = 120.0


def give_up(grant: Grant, seconds: float) -> None:
    """Raises AdmissionClosed or LeaseTimeout if `seconds` of waiting for this are enough; not for what is just being loaded."""
    if grant.state is GrantState.CLOSED and seconds > CLOSED_SECONDS:
        raise AdmissionClosed(
            f"for {seconds:.0f} s it has not been known what this machine has ({named(grant)})",
            remedy="`janus doctor` says what can't be measured; mend that, then repeat",
        )
    if grant.lacking and seconds > FULL_SECONDS:
        raise LeaseTimeout(
            f"for {seconds:.0f} s there has not been enough of {named(grant)}",
            remedy="`janus monitor` shows who uses it; end something, or set ram_headroom_mb or the models smaller in janus.toml",
        )


def named(grant: Grant) -> str:
    """What is waited for, for people."""
    lacking = ", ".join(map(spoken, grant.lacking))
    return lacking or ("a measurement" if grant.state is GrantState.CLOSED else "a model being loaded")
