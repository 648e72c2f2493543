"""What a process held that was killed, given to the next before it expires."""

from __future__ import annotations

import subprocess
import sys

from janus_lab.adapters.engine_room.neighbourhood import alive, neighbourhood
from janus_lab.scheduler.recovery import reclaim
from janus_lab.values.lease import CPU, GrantState, LeaseRequest
from janus_lab.values.run import Priority
from tests.admitting import MACHINE, leases_over


def request(name, pid, holder):
    return LeaseRequest(name, {CPU: 1}, Priority.BATCH, holder, "work", pid=pid)


def test_only_the_dead_of_this_neighbourhood_lose_their_leases_at_once():
    leases, here = leases_over({CPU: 3}), neighbourhood()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert alive(child.pid)
        for name, holder in (("ours", f"h:1:{here}"), ("theirs", "h:1:elsewhere"), ("living", f"h:2:{here}")):
            pid = child.pid if name != "living" else 1
            assert leases.request(MACHINE, request(name, pid, holder), 60.0).state is GrantState.GRANTED
        assert reclaim(leases, MACHINE, neighbourhood=here, alive=alive) == 0
        child.kill()
        child.wait()
        waits = request("next", child.pid, "h:3:x")
        assert leases.request(MACHINE, waits, 60.0).state is GrantState.WAITING
        assert reclaim(leases, MACHINE, neighbourhood=here, alive=alive) == 1
    assert {lease.request.id for lease in leases.book(MACHINE).leases} == {"theirs", "living", "next"}
