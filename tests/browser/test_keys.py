"""The live keys in real JupyterLab: a tree that goes on, the chosen key as what it means, and no change without being asked."""

from __future__ import annotations

from pathlib import Path

from janus_lab.adapters.redis.keys import LEASES_FORMAT

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
EVIL = "<script>window.__janus_pwned=1</script><img src=x onerror='window.__janus_pwned=2'>"
SCENE = """
import tempfile, time
from janus_lab import open_lab
from janus_lab.adapters.redis.client import open_client
from janus_lab.values.event import Event, EventKind
from janus_lab.values.lease import Capacity, LeaseRequest
from janus_lab.values.run import Priority
lab = open_lab(tempfile.mkdtemp(), redis_url={url!r})
link, G = lab._room.reached(), 1 << 30
for n in range(3):
    link.claims.take(f"0199ab34-{{n}}", "worker-1", 600)
for n in range(12):
    link.events.append(Event(f"0199ab34-{{n:02}}", EventKind.PROGRESS, {{"files_done": n, "files_total": 40, "current": {evil!r}}}, time.time()))
at, _ = link.leases.held("lab-7")
link.leases.publish("lab-7", {{"ram": Capacity(56 * G, 16 * G), "cpu": Capacity(7), "vram:0": Capacity(23 * G, 3 * G)}}, measured_at=at, stale_seconds=600)
def ask(id, weights, priority, purpose, **more):
    link.leases.request("lab-7", LeaseRequest(id, weights, priority, "worker-1", purpose, pid=4711, **more), 600)
ask("a", {{"ram": 6 * G, "vram:0": 14 * G}}, Priority.AGENT, "model qwen2.5-14b-instruct", lasting=True)
ask("b", {{"cpu": 4, "ram": 4 * G}}, Priority.BATCH, "embed 512 chunks", run_id="0199ab34cd00ef", cell="In [12] of survey.ipynb")
ask("c", {{"cpu": 6}}, Priority.INTERACTIVE, {evil!r}, run_id="0199ab34cd00ff", cell="In [13] of survey.ipynb")
with open_client({url!r}) as client:
    client.set("{{janus}}:odd:" + {evil!r}, {evil!r})
from janus_magics import live_keys
live_keys(lab)
"""
BY_VERB = "import os\nos.environ['JANUS_REDIS_URL'] = {url!r}\n%load_ext janus_lab\n%janus keys claim"


def shown(lab, name, url, *more):
    """A page on which the scene was set, and the keys drawn."""
    lab.open(lab.server.write(f"{name}.ipynb", [SCENE.format(url=url, evil=EVIL).strip(), *more]))
    lab.run_cell(0)
    lab.page.wait_for_function("() => document.querySelector('.janus-keys footer')?.textContent.includes('as of')")
    return lab.page.locator(".janus-keys").first


def choose(panel, name):
    panel.get_by_role("button", name=name).first.click()


def test_keys_are_drawn_in_light_and_dark_mean_something_and_are_deleted_only_where_that_was_asked_for(lab, redis_url):
    panel = shown(lab, "keys", redis_url, "live_keys(lab, write=True)")
    words = panel.inner_text()
    assert "read-only" in words
    assert "event stream" in words
    choose(panel, f"leases:lab-7:{LEASES_FORMAT}:records")
    panel.get_by_role("table", name="Members").wait_for()
    lab.reads(
        panel, "kept loaded", "waits", "14.0 GiB of GPU 0", "In [12] of survey.ipynb", "Who holds what of a machine"
    )
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.theme(theme)
        for width in (600, 840):
            lab.page.evaluate("w => { document.querySelector('.janus-keys').style.width = w + 'px' }", width)
            panel.screenshot(path=str(ARTEFACTS / f"keys-{theme.split()[-1].lower()}-{width}.png"))
            overflow = "() => document.querySelector('.janus-keys').scrollWidth - document.querySelector('.janus-keys').clientWidth"
            assert lab.page.evaluate(overflow) <= 0
    # What somebody else wrote is text.
    assert "<script>window.__janus_pwned=1</script>" in panel.inner_text()
    panel.get_by_role("searchbox").fill("odd")
    choose(panel, "odd:")
    panel.get_by_text("not known here: string").wait_for()
    assert lab.page.evaluate("() => window.__janus_pwned") is None
    assert panel.get_by_role("button", name="Delete …").count() == 0
    assert lab.external == []
    lab.run_cell(1)
    panel = lab.cell(1).locator(".janus-keys")
    panel.get_by_role("button", name="claim:0199ab34-1").wait_for()
    lab.reads(panel, "may delete")
    choose(panel, "claim:0199ab34-1")
    panel.get_by_role("button", name="Delete …").click()
    lab.reads(panel, "Lost with it: the worker's hold")
    panel.screenshot(path=str(ARTEFACTS / "keys-deleting.png"))
    panel.get_by_role("button", name="Keep it").click()
    lab.holds(panel.get_by_role("button", name="claim:0199ab34-1"), 1)
    panel.get_by_role("button", name="Delete …").click()
    panel.get_by_role("button", name="Delete it").click()
    panel.get_by_role("status").filter(has_text="Deleted {janus}:claim:0199ab34-1").wait_for()
    panel.locator(".tree button", has_text="0199ab34-1").wait_for(state="detached")


def test_keys_come_and_go_while_a_cell_works_and_outlive_a_reload(lab, redis_url):
    panel = shown(lab, "going", redis_url)
    work = "import pathlib\nlink.claims.take('9999', 'worker-2', 600)\nwhile not pathlib.Path('seen').exists(): time.sleep(0.05)"
    model = "window.jupyterapp.shell.currentWidget.content.model.sharedModel"
    lab.page.evaluate(f"source => {model}.insertCell(1, {{cell_type: 'code', source}})", work)
    lab.run_cell(1, wait=False)
    panel.get_by_role("button", name="claim:9999").wait_for()
    assert "*" in lab.cell(1).locator(".jp-InputPrompt").first.inner_text()
    (lab.server.root / "seen").touch()
    lab.idle()
    lab.page.evaluate(f"source => {model}.insertCell(2, {{cell_type: 'code', source}})", BY_VERB.format(url=redis_url))
    lab.run_cell(2)
    again = lab.cell(2).locator(".janus-keys")
    again.get_by_role("button", name="claim:9999").wait_for()
    assert "fence" not in again.inner_text()
    assert set(lab.outputs(2)[-1]["data"]) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    lab.command("docmanager:save")
    lab.page.reload(wait_until="domcontentloaded")
    panel.get_by_role("button", name="claim:9999").wait_for()
