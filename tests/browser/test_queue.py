"""The live queue in real JupyterLab: it shows who is at what, and its buttons pause, resume, cancel and retry."""

from __future__ import annotations

from pathlib import Path

ARTEFACTS = Path(__file__).parents[1] / "artefacts"

EVIL = "<script>window.__janus_pwned=1</script><img src=x onerror='window.__janus_pwned=2'>"
SCENE = f"""
import tempfile, time
from janus_lab import open_lab
from janus_lab.values.event import Event, EventKind
from janus_lab.values.run import Priority, Run, RunError, RunKind, RunState, Step
from janus_lab.values.queue import DeadLetter
lab = open_lab(tempfile.mkdtemp(), inline=True)
link, ledger, now = lab._room.link(print), lab._ledger, time.time()
I, K, S = Priority, RunKind, RunState

def made(number, kind, priority, request, ago, state=S.QUEUED, error=None, attempt=True):
    run = Run(f"{{number:012x}}" * 2 + "0" * 8, kind, S.QUEUED, priority, request, now - ago, cell="In [12] of wind-survey.ipynb")
    ledger.create(run)
    if state is S.QUEUED:
        return run
    fence = link.claims.take(run.id, "worker", 3600.0 if state is S.RUNNING else 0.01)
    ledger.start(run.id, fence, now - ago + 1)
    for n in range(4):
        ledger.commit_step(Step(run.id, f"ingest-{{n:032x}}", {{"outcomes": [1] * 64, "chunks": 256, "seconds": 3.5}}, now - 9 + n), fence=fence)
    if state is S.PAUSED:
        ledger.pause(run.id)
    elif state.final:
        ledger.finish(run.id, state, fence=fence, at=now - ago + 40, error=error)
    return run

papers = made(0xa1, K.INGEST, I.BATCH, {{"sources": ["/data/papers/wind-energy-2024"]}}, 190, S.RUNNING)
link.events.append(Event(papers.id, EventKind.PROGRESS, {{"files_done": 1204, "files_total": 3000, "chunks_done": 41230, "seconds_left": 312.0}}, now))
held = made(0xa2, K.INGEST, I.BATCH, {{"sources": ["/data/reports"]}}, 60, S.RUNNING)
link.events.append(Event(held.id, EventKind.WAITING, {{"what": "memory, threads", "seconds": 14.0}}, now))
made(0xa3, K.ASK, I.INTERACTIVE, {{"question": "Which lidar measured the highest gusts, and in which year was that?"}}, 2)
made(0xa4, K.INGEST, I.BATCH, {{"sources": [{EVIL!r}]}}, 20)
made(0xa5, K.INGEST, I.BATCH, {{"sources": ["/data/archive", "/data/more"]}}, 4000, S.PAUSED)
made(0xa6, K.ASK, I.INTERACTIVE, {{"question": "What was the budget of the station?"}}, 300, S.DONE)
made(0xa7, K.INGEST, I.BATCH, {{"sources": ["/data/scans"]}}, 900, S.FAILED, RunError("disk-full", "no space is left for the documents", "free some space, then `janus runs retry`"))
made(0xa8, K.CHECK, I.BATCH, {{"mend": False}}, 1200, S.CANCELLED)
"""
PARKED = f"""
import dataclasses, threading
from contextlib import nullcontext
from janus_lab.runs.inline import NothingParked
from janus_lab.values.queue import QueueLength
from janus_magics import live_queue

class Parked(NothingParked):
    kept = [DeadLetter("3f2a9c", "batch", "0199ab34cd00", "JanusError: the message names a run that is not there", now - 60), DeadLetter("77b1", "batch", "", {EVIL!r}, now - 90)]
    def lengths(self):
        return [QueueLength("interactive", 1, 0, 0, 0), QueueLength("agent", 0, 0, 0, 0), QueueLength("batch", 2, 1, 2, len(self.kept))]
    def dead(self, *, limit=100):
        return self.kept
    def redrive(self, ids=None):
        return len(ids)
    def discard(self, ids=None):
        Parked.kept = [letter for letter in self.kept if letter.id not in ids]
        return len(ids)

parked = Parked()
lab._room._link = dataclasses.replace(link, letters=lambda: nullcontext(parked))
live_queue(lab)
"""
INGEST = """
import pathlib, tempfile
from janus_lab import open_lab
folder = pathlib.Path(tempfile.mkdtemp())
for n in range(4000):
    (folder / f"{n:03}.txt").write_text(f"Report {n}: the wind turned north, and then the wind turned south again. " * 5)
lab = open_lab(tempfile.mkdtemp(), inline=True)
handle = lab.start_ingest(folder)
"""
STATE = "lab.run(handle.id).state.value, len(lab.steps(handle.id)), lab.run(handle.id).cell"
BEGUN = "import time\nwhile lab.run(handle.id).state.value == 'queued': time.sleep(0.05)\n"


def drawn(lab):
    lab.page.wait_for_function("() => document.querySelector('.janus-queue footer')?.textContent.startsWith('as of')")
    return lab.page.locator(".janus-queue")


def test_a_queue_shows_everything_in_light_and_dark_wide_and_narrow(lab):
    lab.open(lab.server.write("queue.ipynb", [SCENE.strip(), PARKED.strip()]))
    lab.run_cell(0)
    lab.run_cell(1)
    queue = drawn(lab)
    first = queue.locator("ul.runs").first
    lab.holds(first.locator("li"), 5)
    lab.holds(queue.locator("ul.past li"), 3)
    first.locator(".title").first.click()
    first.locator(".inside table").first.wait_for()
    lab.reads(first.locator(".inside").first, "64 files · 256 chunks · 3.5 s")
    assert first.locator(".title").first.get_attribute("aria-expanded") == "true"
    letters = queue.locator("ul.letters li")
    lab.holds(letters, 2)
    letters.last.get_by_role("button", name="Drop …").click()
    letters.last.get_by_role("button", name="Drop for good").click()
    queue.locator(".notice", has_text="1 message dropped").wait_for(state="attached")  # it fades after a while
    letters.nth(1).wait_for(state="detached")
    lab.page.set_viewport_size({"width": 1280, "height": 1700})
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.theme(theme)
        for width in (560, 840):
            lab.page.evaluate("w => { document.querySelector('.janus-queue').style.width = w + 'px' }", width)
            lab.page.wait_for_timeout(100)
            queue.screenshot(path=str(ARTEFACTS / f"queue-live-{theme.split()[-1].lower()}-{width}.png"))
    assert lab.page.evaluate("() => window.__janus_pwned") is None
    assert lab.external == []
    assert {"text/html", "text/plain"} < {kind for output in lab.outputs(1) for kind in output.get("data", {})}


def test_buttons_pause_resume_and_cancel_a_run(lab):
    cells = [INGEST.strip(), "from janus_magics import live_queue\nlive_queue(lab)", STATE, STATE, BEGUN + STATE]
    lab.open(lab.server.write("acts.ipynb", cells))
    lab.run_cell(0)
    lab.run_cell(1)
    queue = drawn(lab)
    row = queue.locator("ul.runs li").first
    row.get_by_role("button", name="Pause").click()
    row.get_by_role("button", name="Resume").wait_for()
    queue.locator(".notice", has_text="rests after the step it is at").wait_for(state="attached")
    row.locator(".chip", has_text="paused").wait_for()
    lab.run_cell(2)
    lab.tells(2, "'paused'", "'In [1] of acts.ipynb'")
    row.get_by_role("button", name="Resume").click()
    row.get_by_role("button", name="Pause").wait_for()
    row.get_by_role("button", name="Cancel").click()
    queue.locator("ul.past li").get_by_role("button", name="Retry").wait_for()
    lab.run_cell(3)
    lab.tells(3, "'cancelled'")
    queue.locator("ul.past li").get_by_role("button", name="Retry").click()
    row.get_by_role("button", name="Pause").wait_for()
    lab.run_cell(4)
    lab.tells(4, "'running'")
    row.get_by_role("button", name="Pause").click()  # or else it may be over before the page is back
    row.locator(".chip", has_text="paused").wait_for()

    lab.command("docmanager:save")
    lab.page.reload(wait_until="domcontentloaded")
    queue = drawn(lab)
    queue.locator("ul.runs li").first.get_by_role("button", name="Cancel").click()
    queue.locator("ul.past li").get_by_role("button", name="Retry").wait_for()
