"""What does a live board cost: processor time of the notebook's kernel, and bytes to the browser.

    python benchmarks/board_cost.py [--seconds 20] [--turns 3] [--boards 4]

A real kernel shows boards of a real engine room that has leases, and this script is the browser: it looks, and counts what comes.
`idle` is the same kernel without a board; `floor` sends a message of one number as often, through the same way; then one board
at two a second, and several. Each has its turn again and again; counted is processor time of the kernel as a share of one core.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from janus_lab import open_lab
from janus_lab.values.lease import RAM, LeaseRequest
from janus_lab.values.run import Priority

PREPARED = """
import threading, time
import anywidget
from janus_lab import open_lab
from janus_magics import live_board
lab = open_lab()
lab.board()
class Floor(anywidget.AnyWidget):
    _esm = ""
floor, going = Floor(), threading.Event()
def send():
    while going.wait():
        floor.send(time.time())
        time.sleep(0.5)
threading.Thread(target=send, daemon=True).start()
panels = [live_board(lab) for _ in range({boards})]
"""
BEGIN = {
    "idle": "pass",
    "floor": "going.set()",
    "board": "looked_at = panels[:1]",
    "boards": "looked_at = panels",
}
LOOK = "[each.view._handle_custom_msg(dict(kind='look', browser='b'), []) for each in looked_at]"
AWAY = "going.clear(); looked_at = []; [each.view._handle_custom_msg(dict(kind='away', browser=b), []) for each in panels for b in ('b', '')]"
LOOKS_SECONDS = 12.0


def cell(client: BlockingKernelClient, code: str) -> None:
    """Run a cell to its end. Raises RuntimeError if it fails."""
    reply = client.execute_interactive(code, timeout=120, output_hook=lambda _message: None)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(reply["content"].get("evalue", code))


def turn(client: BlockingKernelClient, process: psutil.Process, name: str, seconds: float) -> tuple[float, float]:
    """The kernel's share of a core, and bytes a second that it sent."""
    cell(client, AWAY)
    cell(client, BEGIN[name])
    cell(client, LOOK)
    time.sleep(1.5)
    received(client)
    before, begun = sum(process.cpu_times()[:2]), time.monotonic()
    count, looked = 0, begun
    while (now := time.monotonic()) - begun < seconds:
        time.sleep(0.2)
        count += received(client)
        if name.startswith("board") and now - looked > LOOKS_SECONDS:
            looked = now
            client.execute(LOOK, silent=True)
    took = time.monotonic() - begun
    return (sum(process.cpu_times()[:2]) - before) / took, count / took


def received(client: BlockingKernelClient) -> int:
    """Bytes that the kernel has told everybody since the last call."""
    socket: Any = client.iopub_channel.socket
    count = 0
    while socket.poll(0):
        count += sum(len(frame) for frame in socket.recv_multipart(zmq.NOBLOCK))
    return count


@contextmanager
def kernel(boards: int) -> Iterator[tuple[BlockingKernelClient, psutil.Process]]:
    """A kernel whose boards are made."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        cell(client, PREPARED.format(boards=boards))
        yield client, psutil.Process(manager.provisioner.pid)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextmanager
def running_room() -> Iterator[None]:
    """An engine room in which eight leases are held."""
    with open_lab() as lab:
        try:
            lab.up()
            leases = lab._room.link(print).leases  # noqa: SLF001 - what a run would ask through its worker
            for number in range(8):
                wanted = LeaseRequest(
                    f"{number}", {RAM: 1 << 20}, Priority.BATCH, "bench", "embed", run_id="0199ab34cd00"
                )
                leases.request(lab.board().machine, wanted, 3600.0)
            yield
        finally:
            lab.down()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each is measured")
    parser.add_argument("--turns", type=int, default=3, help="how often each has its turn")
    parser.add_argument("--boards", type=int, default=4, help="how many are several")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="janus-bench-") as home:
        os.environ["JANUS_HOME"] = home
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in BEGIN}
        with running_room(), kernel(options.boards) as (client, process):
            for _ in range(options.turns):
                for name in BEGIN:
                    found[name].append(turn(client, process, name, options.seconds))
    print(f"two a second, {options.turns} turns of {options.seconds:g} s; several: {options.boards}")
    print(f"{'':8}{'of a core':>10}{'kB/s':>8}{'× floor':>9}")
    base = median(used for used, _ in found["floor"])
    for name, shares in found.items():
        used, told = median(own for own, _ in shares), median(each for _, each in shares)
        print(f"{name:8}{used:10.2%}{told / 1000:8.2f}{used / base if base else 0:9.1f}", flush=True)


if __name__ == "__main__":
    main()
