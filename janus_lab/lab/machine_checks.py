"""What `janus doctor` says of the machine: whether it can be measured, and whether somebody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from janus_lab.errors import JanusError
from janus_lab.ports.engine_room import EngineRoom
from janus_lab.values.health import Check, Verdict
from janus_lab.values.machine import Device, Sample

_GIB = 1 << 30
_UNMEASURED = "mend the cause, as with `nvidia-smi` for an accelerator; what can't be measured is lent to nobody, and runs wait for it"


def machine_checks(measure: Callable[[], Sample]) -> Iterator[Check]:
    """The machine, measured once."""
    try:
        sample = measure()
    except JanusError as error:
        yield Check("machine", Verdict.FAILED, error.message, error.remedy)
        return
    limit = ", limited by a container" if sample.limited else ""
    detail = f"{sample.cpu_count:g} processors, {sample.ram_used / _GIB:.1f} of {sample.ram_total / _GIB:.1f} GiB used{limit}"
    yield Check("machine", Verdict.OK, detail)
    for device in sample.devices:
        yield _device(device)
    told = {f"vram:{device.id}" for device in sample.devices}
    for name, why in sample.failures.items():
        if name not in told:
            yield Check(f"machine {name}", Verdict.FAILED, why, _UNMEASURED)


def _device(device: Device) -> Check:
    name = f"accelerator {device.id}"
    if device.failure:
        return Check(name, Verdict.FAILED, f"{device.name or 'it'} can't be measured: {device.failure}", _UNMEASURED)
    if not device.memory_total:
        return Check(name, Verdict.OK, f"{device.name}, computing in main memory")
    detail = f"{device.name}, {device.memory_used / _GIB:.1f} of {device.memory_total / _GIB:.1f} GiB used"
    if device.attributed:
        return Check(name, Verdict.OK, detail)
    return Check(name, Verdict.OK, f"{detail}; its driver does not tell by whom")


def sampler_checks(room: EngineRoom, machine: str) -> Iterator[Check]:
    """Whether a worker measures this machine, where workers run on it. Raises what reaching the engine room raises."""
    link, state = room.reached(), room.state()
    if link is None or not (state.worker_ready and state.worker_pid is not None):
        return
    sample, book = link.samples.latest(machine), link.leases.book(machine)
    remedy = "read logs/worker.log in the data directory; `janus down` and `janus up` start another worker"
    if sample is None or not book.open:
        yield Check("leases", Verdict.FAILED, f"nobody measures {machine}, so that nothing heavy is begun", remedy)
        return
    closed = {name: use.capacity.failure for name, use in book.resources.items() if use.capacity.failure}
    if closed:
        detail = "; ".join(f"{name}: {why}" for name, why in sorted(closed.items()))
        yield Check("leases", Verdict.WARNING, f"not lent at present: {detail}", _UNMEASURED)
    else:
        yield Check("leases", Verdict.OK, f"{len(book.leases)} held, {len(book.waiting)} waited for on {machine}")
