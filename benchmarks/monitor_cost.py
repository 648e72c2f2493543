"""What does it cost to watch a machine: the sampler, alone and with eight accelerators, and who reads what it tells.

    python benchmarks/monitor_cost.py [--seconds 10] [--hertz 2] [--turns 3] [--leases 20] [--waiting 10]

`floor` is the least that any monitor does: read two files of the kernel and say one thing to the server. `sampler` is what a
worker runs: election, what is held, the measurement, attribution, capacities, history. `accelerators` is the same with eight of
NVIDIA's, four processes on each, told by the tests' library in the place of the driver's (a real driver takes longer to answer).
`reader` asks for what a board shows. Each runs in a process of its own, in turns; counted is processor time, as a share of one
core, of that process and of the server (an embedded Valkey).
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import psutil
import structlog
from own_server import own_server

from janus_lab.compose.links import open_link
from janus_lab.compose.sampling import OurProcesses, open_sampler
from janus_lab.settings import Settings, load_settings
from janus_lab.values.codec import to_json
from janus_lab.values.lease import CPU, RAM, LeaseRequest
from janus_lab.values.run import Priority

TESTS = Path(__file__).parents[1] / "tests"
MACHINE = "bench"
SPAWN = multiprocessing.get_context("spawn")
Turn = Callable[[], None]


def floor(settings: Settings, _stack: ExitStack) -> Turn:
    """Two files of the kernel and a word to the server."""
    from redis import Redis

    client = Redis.from_url(settings.redis_url)

    def turn() -> None:
        Path("/proc/meminfo").read_bytes()
        Path("/proc/stat").read_bytes()
        client.ping()

    return turn


def sampler(settings: Settings, stack: ExitStack) -> None:
    """What a worker runs; it has a thread of its own."""
    link = open_link(settings, settings.redis_url, stack)
    open_sampler(
        settings,
        claims=link.claims,
        leases=link.leases,
        samples=link.samples,
        ours=OurProcesses(settings),
        resources=stack,
    )


def reader(settings: Settings, stack: ExitStack) -> Turn:
    """What a board asks for."""
    link = open_link(settings, settings.redis_url, stack)

    def turn() -> None:
        link.samples.latest(MACHINE)
        link.leases.book(MACHINE)

    return turn


def measured(name: str, url: str, home: str, options: argparse.Namespace, result: str) -> None:
    """Run one of them for a while, in a process of its own; its processor time goes into a file."""
    settings = load_settings(home, environment={}, redis_url=url, machine=MACHINE, sample_seconds=1 / options.hertz)
    quietly()
    with ExitStack() as stack:
        turn = {"floor": floor, "reader": reader}.get(name, sampler)(settings, stack)
        if turn is not None:
            turn()  # the first one connects
        time.sleep(1.0)
        before, begun = time.process_time(), time.monotonic()
        while time.monotonic() - begun < options.seconds:
            if turn is not None:
                turn()
            time.sleep(1 / options.hertz)
        used = (time.process_time() - before) / (time.monotonic() - begun)
    Path(result).write_text(json.dumps(used), encoding="utf-8")


def quietly() -> None:
    """Only what goes wrong is logged."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def accelerators(folder: Path) -> dict[str, str]:
    """The environment of a machine with eight accelerators; empty where no compiler is."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return {}
    sys.path.insert(0, str(TESTS))
    from nvml_stub import Driver, build

    build(folder, compiler)
    driver = Driver(folder / "cards.txt")
    for index in range(8):
        driver.device(index, total=80 << 30, free=60 << 30).load(index, 50, 300_000, 60)
        for pid in range(4):
            driver.process(index, os.getppid() + pid, 5 << 30)
    driver.write()
    return {"LD_LIBRARY_PATH": str(folder), "STUB_NVML": str(driver.file)}


def fill(url: str, home: Path, options: argparse.Namespace) -> int:
    """Leases and requests that wait, as on a busy machine; returns the bytes of a sample."""
    settings = load_settings(home, environment={}, redis_url=url, machine=MACHINE)
    with ExitStack() as stack:
        sampler(settings, stack)
        link = open_link(settings, url, stack)
        for number in range(options.leases + options.waiting):
            weights = {RAM: 1 << 20} if number < options.leases else {CPU: os.cpu_count() or 1}
            wanted = LeaseRequest(f"lease-{number}", weights, Priority.BATCH, "bench", "embed", pid=os.getpid())
            link.leases.request(MACHINE, wanted, 3600.0)
        sample = link.samples.latest(MACHINE)
        return len(json.dumps(to_json(sample))) if sample is not None else 0


def share(
    name: str, url: str, process: psutil.Process, folder: Path, options: argparse.Namespace
) -> tuple[float, float]:
    """Processor time of one of them and of the server meanwhile, as shares of one core."""
    result = folder / "result"
    result.unlink(missing_ok=True)
    arguments = (name, url, str(folder / "home"), options, str(result))
    before, begun = sum(process.cpu_times()[:2]), time.monotonic()
    child = SPAWN.Process(target=measured, args=arguments)
    child.start()
    child.join()
    served = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - begun)
    return float(json.loads(result.read_text(encoding="utf-8"))), served


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each is measured")
    parser.add_argument("--hertz", type=float, default=2.0, help="looks a second")
    parser.add_argument("--turns", type=int, default=3, help="how often each has its turn")
    parser.add_argument("--leases", type=int, default=20, help="leases that are held meanwhile")
    parser.add_argument("--waiting", type=int, default=10, help="requests that wait meanwhile")
    options = parser.parse_args()
    quietly()
    with own_server() as server:
        url, process, folder = server.url, psutil.Process(server.pid), server.folder
        (folder / "home").mkdir()
        size = fill(url, folder / "home", options)
        cards = accelerators(folder / "nvml")
        names = ["floor", "sampler", *(["accelerators"] if cards else []), "reader"]
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for _ in range(options.turns):
            for name in names:
                added = cards if name == "accelerators" else {}
                os.environ.update(added)
                found[name].append(share(name, url, process, folder, options))
                for variable in added:
                    del os.environ[variable]
    print(
        f"{options.hertz:g} looks a second, {options.turns} turns of {options.seconds:g} s; a sample has {size} bytes"
    )
    print(f"{'':14}{'of a core':>10}{'a look':>10}{'server':>10}{'× floor':>9}")
    base = median(used for used, _ in found["floor"])
    for name, shares in found.items():
        used, served = median(own for own, _ in shares), median(of_server for _, of_server in shares)
        print(f"{name:14}{used:10.2%}{used / options.hertz * 1000:8.2f} ms{served:10.2%}{used / base:9.1f}", flush=True)


if __name__ == "__main__":
    main()
