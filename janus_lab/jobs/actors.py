"""The actors: thin, one a queue. They look nothing up and decide nothing; the callable does."""

from __future__ import annotations

from collections.abc import Callable

import dramatiq

from janus_lab.adapters.queue.message import actor_name
from janus_lab.errors import NotFound
from janus_lab.values.run import Priority


def declare_actor(
    broker: dramatiq.Broker, priority: Priority, queue_name: str, carry_out_run: Callable[[str], None]
) -> None:
    """Declare on `broker` the actor that hands the ids of runs of that priority to `carry_out_run`.

    A run that is not in the ledger will not be there later: its message is parked at once.
    """

    @dramatiq.actor(broker=broker, actor_name=actor_name(priority), queue_name=queue_name, throws=(NotFound,))
    def carry_out(run_id: str) -> None:
        carry_out_run(run_id)
