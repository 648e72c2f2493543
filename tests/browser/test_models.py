"""The live list of models in real JupyterLab: what is loaded where, and what is in each memory."""

from __future__ import annotations

from pathlib import Path

ARTEFACTS = Path(__file__).parents[1] / "artefacts"

EVIL = "<script>window.__janus_pwned=1</script><img src=x onerror='window.__janus_pwned=2'>"
SCENE = f"""
import dataclasses, pathlib, tempfile
from janus_lab import open_lab
from janus_lab.values.lease import RAM
from janus_lab.values.model import ModelOptions, ModelTask
from janus_lab.values.model_status import DeviceMemory, MemoryShare
from janus_magics import live_models
lab = open_lab(tempfile.mkdtemp(), inline=True)
lab.models.add("away", "http://127.0.0.1:9/v1", ModelTask.GENERATION, ModelOptions(remote_model="big"))
file = pathlib.Path(tempfile.mkdtemp(), "model.gguf")
file.write_bytes(b"GGUF")
lab.models.add("gone", str(file))
file.unlink()
loaded = lab.models.load()
seen = lab.models.view
GB = 1 << 30
cards = (
    DeviceMemory("vram:0", "GPU 0", 24 * GB, (MemoryShare("qwen2.5-7b", 5 * GB, 3 * GB, GB), MemoryShare({EVIL!r}, GB)), GB, 4 * GB, 9 * GB),
)
lab.models.view = lambda: dataclasses.replace(seen(), memory=(*seen().memory, *cards))
live_models(lab)
"""
VERB = "%janus models"
UNLOAD = "print(lab.models.unload(loaded.name))"


def drawn(lab):
    lab.page.wait_for_function("() => document.querySelector('.janus-models footer')?.textContent.startsWith('as of')")
    return lab.page.locator(".janus-models").first


def test_models_and_their_memory_are_drawn_and_follow_what_happens(lab):
    lab.open(lab.server.write("models.ipynb", [SCENE.strip(), UNLOAD]))
    lab.run_cell(0)
    models = drawn(lab)
    table = models.locator("table tbody tr")
    lab.holds(table, 4)
    bars = models.locator("section")
    lab.holds(bars, 2)
    lab.reads(bars.first, "weights", "free")
    lab.reads(models.locator(".warn"), "gone")
    lab.reads(models, "estimated")
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.theme(theme)
        for width in (560, 820):
            lab.page.evaluate("w => { document.querySelector('.janus-models').style.width = w + 'px' }", width)
            lab.page.wait_for_timeout(100)
            models.screenshot(path=str(ARTEFACTS / f"models-live-{theme.split()[-1].lower()}-{width}.png"))
    lab.run_cell(1)
    lab.tells(1, "left=0")
    lab.page.wait_for_function("() => !document.querySelector('.janus-models section:first-child .weights')")
    assert lab.page.evaluate("() => window.__janus_pwned") is None
    assert lab.external == []
    assert {"text/html", "text/plain"} < {kind for output in lab.outputs(0) for kind in output.get("data", {})}
