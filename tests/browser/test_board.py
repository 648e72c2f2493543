"""The live board in real JupyterLab: it draws, it goes on while a cell works, it outlives a reload, and it leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from janus_lab.adapters.probe.inventory import write_inventory
from janus_lab.values.machine import Device, ProcessUse, Sample

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
GIB = 1 << 30
EVIL = "<script>window.__janus_pwned=1</script><img src=x onerror='window.__janus_pwned=2'>"
H100 = "NVIDIA H100 80GB HBM3"
MACHINE = Sample(
    "lab-7", 0.0, 16, 0.42, 128 * GIB, 65 * GIB,
    (
        Device("0", H100, memory_total=80 * GIB, memory_used=38 * GIB, load=0.87, temperature_celsius=61, power_watts=402),
        Device("1", H100, memory_total=80 * GIB, memory_used=12 * GIB, load=0.05, temperature_celsius=38, power_watts=71),
        Device("2", H100, memory_total=80 * GIB, failure="NVML says that the GPU is lost"),
    ),
    (
        ProcessUse(4711, "janus worker", 9 * GIB, {"0": 31 * GIB}, ours=True),
        ProcessUse(812, f"python {EVIL}", 22 * GIB, {"0": 6 * GIB, "1": 12 * GIB}),
    ),
)  # fmt: skip
OPEN = """
import os, time, tempfile
os.environ["JANUS_PROBE_URL"] = {probe!r}
from janus_lab import open_lab
from janus_lab.values.lease import LeaseRequest
from janus_lab.values.run import Priority
folder = tempfile.mkdtemp()
lab = open_lab(folder, inline=True, machine="lab-7", ram_headroom_mb=8192)
leases = lab._room.link(print).leases
while not leases.book("lab-7").open:
    time.sleep(0.05)
G = 1 << 30
def ask(id, weights, priority, purpose, **more):
    wanted = LeaseRequest(id, weights, priority, "worker-1", purpose, pid=4711, **more)
    return leases.request("lab-7", wanted, 600).state.value
states = [
    ask("a", {{"ram": 6 * G, "vram:0": 28 * G}}, Priority.AGENT, "model qwen2.5-14b-instruct", lasting=True),
    ask("b", {{"cpu": 8, "ram": 4 * G}}, Priority.BATCH, "embed 512 chunks", run_id="0199ab34cd00ef", step="embed 7", cell="In [12] of survey.ipynb"),
    ask("c", {{"vram:1": 60 * G}}, Priority.BATCH, "index communities", run_id="0199ab34cd00aa"),
    ask("d", {{"cpu": 12, "vram:1": 62 * G}}, Priority.INTERACTIVE, {evil!r}, run_id="0199ab34cd00ff", cell="In [13] of survey.ipynb"),
]
states
"""


BOARD = "from janus_magics import live_board\nlive_board(lab)"
WORK = "import pathlib\nwhile not pathlib.Path('enough').exists(): time.sleep(0.05)"
"""Goes on until it is told that it is enough."""
THREADS = "import threading; [t.name for t in threading.enumerate()].count('janus-board-feed')"
SHOWS = "() => document.querySelector('.janus-board footer')?.textContent.startsWith('as of')"
SHAPES = (
    """() => [...document.querySelectorAll('.janus-board .line.first')].map(line => line.getAttribute('d') || '')"""
)
OVERFLOWING = """() => { const board = document.querySelector('.janus-board');
  return [...board.querySelectorAll('*')].filter(e => !e.closest('svg') && e.getBoundingClientRect().width
    && e.getBoundingClientRect().right > board.getBoundingClientRect().right + 1).map(e => e.outerHTML.slice(0, 80)) }"""


@pytest.fixture(scope="module")
def probe(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("machine") / "lab-7.json"
    write_inventory(path, MACHINE)
    return f"inventory://{path}"


def shown(lab, name, *cells):
    """A page whose cells have run, and the board on it."""
    lab.open(lab.server.write(f"{name}.ipynb", list(cells)))
    for index in range(len(cells)):
        lab.run_cell(index)
    lab.page.wait_for_function(SHOWS)
    return lab.page.locator(".janus-board").first


def moves(lab):
    """Wait until the curves have moved on."""
    before = lab.page.evaluate(SHAPES)
    lab.page.wait_for_function(f"before => JSON.stringify(({SHAPES})()) !== JSON.stringify(before)", arg=before)


def test_a_board_shows_everything_in_light_and_dark_wide_and_narrow(lab, probe):
    board = shown(lab, "board", OPEN.format(probe=probe, evil=EVIL).strip(), BOARD)
    lab.tells(0, "['granted', 'granted', 'granted', 'waiting']")
    moves(lab)
    lab.page.set_viewport_size({"width": 1700, "height": 1200})
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.theme(theme)
        for width in (600, 900, 1200):
            lab.page.evaluate("w => { document.querySelector('.janus-panel').style.width = w + 'px' }", width)
            assert lab.page.evaluate(OVERFLOWING) == []
            board.screenshot(path=str(ARTEFACTS / f"board-{theme.split()[-1].lower()}-{width}.png"))
    words = lab.reads(
        board, "lab-7", "leases are granted", "38.0 of 80.0 GiB", "load 87 %", "61 °C · 402 W", "asked to yield",
        "NVML says that the GPU is lost", "model qwen2.5-14b-instruct", "kept loaded", "In [12] of survey.ipynb",
        "short of threads", "pid 4711", "Janus", "other", "No run is open.",
    )  # fmt: skip
    # Nothing is told by colour or drawing alone.
    assert lab.page.get_by_role("region", name="Janus monitor of lab-7").count() == 1
    lab.holds(lab.page.get_by_role("status").filter(has_text="leases are granted"), 1)
    meter = board.get_by_role("meter", name="GPU 0: what counts against its budget")
    assert meter.get_attribute("aria-valuetext") == "leased 28.0, others 38.0, free 13.8 GiB"
    lab.holds(board.get_by_role("img", name="GPU 0, the last two minutes; now 48 %, load 87 %"), 1)
    lab.holds(board.get_by_role("table", name="Waiting").get_by_role("rowheader"), 1)
    # What somebody else wrote is text.
    assert "<script>window.__janus_pwned=1</script>" in words
    assert lab.page.evaluate("() => window.__janus_pwned") is None
    assert lab.external == []


def test_a_board_goes_on_while_a_cell_works_pauses_outlives_a_reload_and_leaves_nothing(lab, probe):
    opening = OPEN.format(probe=probe, evil="answer").strip()
    ended = "lab.close()\nwhile any(t.name == 'janus-board-feed' for t in threading.enumerate()): time.sleep(0.05)"
    more = (WORK, "live_board(lab)", THREADS, f"{ended}\n{THREADS}")
    lab.open(lab.server.write("works.ipynb", [opening, BOARD, *more]))
    lab.run_cell(0)
    lab.run_cell(1)
    lab.page.wait_for_function(SHOWS)
    lab.run_cell(2, wait=False)
    for _ in range(3):
        moves(lab)
    assert "*" in lab.cell(2).locator(".jp-InputPrompt").first.inner_text()
    lab.page.get_by_role("button", name="Pause").click()
    lab.page.wait_for_function("() => document.querySelector('.janus-board footer').textContent.startsWith('paused')")
    (lab.server.root / "enough").touch()
    lab.idle()
    still = lab.page.evaluate(SHAPES)
    lab.page.wait_for_timeout(1500)
    assert lab.page.evaluate(SHAPES) == still
    lab.page.get_by_role("button", name="Pause").click()
    moves(lab)

    lab.command("docmanager:save")
    points = "() => document.querySelector('.janus-board .line.first').getAttribute('d').split('L').length"
    before = lab.page.evaluate(points)
    lab.page.reload(wait_until="domcontentloaded")
    lab.page.wait_for_function(SHOWS)
    lab.page.wait_for_function(f"before => ({points})() >= before", arg=before)  # the curves begin where they did
    moves(lab)

    # Boards made again and again leave one thread, and none with the lab.
    for index in (1, 1, 3, 4):
        lab.run_cell(index)
    lab.page.wait_for_function("() => document.querySelectorAll('.janus-board').length === 2")
    assert lab.outputs(4)[0]["data"]["text/plain"] == "1"
    lab.run_cell(5)
    assert lab.outputs(5)[-1]["data"]["text/plain"] == "0"
    lab.page.wait_for_function("() => document.querySelector('.janus-board footer').textContent.startsWith('ended')")


def test_the_verb_shows_a_live_board_of_a_machine_without_a_gpu(lab):
    board = shown(lab, "verb", "%load_ext janus_lab", "%janus monitor", "%janus monitor --once")
    moves(lab)
    board.get_by_role("meter").nth(1).wait_for()
    lab.reads(board, "no engine room runs")
    kinds = [set(output.get("data", {})) for index in (1, 2) for output in lab.outputs(index)]
    assert kinds == [
        {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"},
        {"text/html", "text/plain"},
    ]
