"""The main job in real JupyterLab: load, ingest, ask, read the citations; hostile documents stay text."""

import re
from itertools import pairwise
from pathlib import Path

from slow_speaker import open_slow_speaker

CORPUS = Path(__file__).parents[2] / "samples" / "corpus"

BUDGET = "What was the total budget of the station for 2024?"
LONG = "Describe how the Kestrel-4 lidar measures the wind, in detail."

WATCH = """interrupt => {
  window.drafts = [];
  window.watch?.disconnect();
  window.watch = new MutationObserver(() => {
    const cursor = document.querySelector('.janus .cursor');
    if (!cursor) return;
    window.drafts.push(cursor.parentElement.innerText);
    if (interrupt && window.drafts.length === 1)
      window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt();
  });
  window.watch.observe(document.body, {subtree: true, childList: true});
}"""
"""Notes every state of a growing draft, however short it stands; interrupts at the first one if asked to."""


def test_ingest_ask_and_read_citations(lab):
    cells = [
        "%load_ext janus_lab",
        f"%janus ingest '{CORPUS}'",
        f"answer = %janus ask {BUDGET}",
        "%janus ask How many days in advance must groups book a visit?",
        "%janus search -k 4 pwned script tracker visitors",
        "%janus docs",
        "%janus ask Which university did Ines Haldorsen attend?",
        "answer.nonsense",
    ]
    lab.open(lab.server.write("tour.ipynb", cells))
    lab.run_cell(0)
    lab.run_cell(1)
    lab.holds(lab.cell(1).locator(".janus .badge.good"), 1)
    lab.tells(1, "Janus started its engine room")

    lab.page.evaluate(WATCH, False)
    lab.run_cell(2)
    drafts = lab.page.evaluate("() => window.drafts.map(text => text.replace('▌', ''))")
    assert drafts
    assert all(later.startswith(earlier) for earlier, later in pairwise(drafts))

    answer = lab.cell(2)
    lab.reads(answer.locator(".janus .text"), "1,284,000 euros")
    assert answer.locator("sup.n").count() >= 1
    citation = answer.locator("ul.cites details").first
    assert "p. 2" in citation.locator("summary").inner_text()
    assert not citation.locator("blockquote").is_visible()
    citation.locator("summary").click()
    citation.locator("blockquote").wait_for()
    assert "1,284,000 euros" in citation.locator("blockquote mark").inner_text()
    assert len(citation.locator("blockquote").inner_text()) > len(citation.locator("mark").inner_text())

    for index in range(3, 7):
        lab.run_cell(index)
    lab.reads(lab.cell(3).locator(".janus .text"), "21 days")
    lab.holds(lab.cell(6).locator(".badge", has_text="no answer"), 1)
    kinds = {kind for index in range(7) for output in lab.outputs(index) for kind in output.get("data", {})}
    assert kinds == {"text/plain", "text/html"}

    # The hostile page is in the corpus, was cited and listed, and did nothing.
    assert any("visitors.html" in str(output) for index in (3, 4, 5) for output in lab.outputs(index))
    assert lab.page.evaluate("() => window.__janus_pwned") is None
    assert lab.page.locator(".janus script, .janus img, .janus iframe, .janus a, .janus [onerror]").count() == 0
    assert lab.external == []

    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        lab.theme(theme)
        lab.cell(2).scroll_into_view_if_needed()
        lab.picture(f"answer-{theme.split()[-1].lower()}")
        lab.cell(4).scroll_into_view_if_needed()
        lab.picture(f"search-{theme.split()[-1].lower()}")


def test_hostile_answers_and_titles_stay_text(lab):
    """Whatever a document or a model says, as far as it can reach a cell: values made of markup, shown by our displays."""
    evil = (
        "\"'><script>window.__janus_pwned=1</script><img src=http://tracker.example/x onerror='window.__janus_pwned=2'>"
    )
    code = f"""
%load_ext janus_lab
from janus_lab.values.answer import Answer, Citation, Outcome, Sentence
evil = {evil!r}
cited = Citation(1, evil, evil, evil, evil, evil, 1, 0, 3, evil)
Answer(evil, evil, Outcome.GENERATED, (Sentence(evil, 0, len(evil), (1,), True),), (cited,), (), evil, {{}}, (evil,))
"""
    lab.open(lab.server.write("hostile.ipynb", [code.strip()]))
    lab.run_cell(0)
    lab.holds(lab.cell(0).locator(".janus .text"), 1)
    lab.page.evaluate("() => document.querySelectorAll('.janus details').forEach(d => { d.open = true })")
    assert "<script>window.__janus_pwned=1</script>" in lab.cell(0).locator(".janus .text").inner_text()
    lab.page.wait_for_timeout(500)
    assert lab.page.evaluate("() => window.__janus_pwned") is None
    assert lab.external == []


def test_labs_interrupt_keeps_the_partial_answer(lab):
    with open_slow_speaker() as url:
        cells = [
            f"%load_ext janus_lab\n%janus ingest '{CORPUS}'\n%janus models add slow {url}",
            f"stopped = %janus ask --model slow {LONG}",
            "stopped.outcome.value",
            "%janus models remove --yes slow",
        ]
        lab.open(lab.server.write("stop.ipynb", cells))
        lab.run_cell(0)
        lab.page.evaluate(WATCH, True)
        lab.run_cell(1)
        lab.holds(lab.cell(1).locator(".badge", has_text=re.compile("^stopped$")), 1)
        assert lab.cell(1).locator(".janus .text").inner_text().strip()
        lab.run_cell(2)
        lab.tells(2, "cancelled")
        lab.picture("stopped-light")
        lab.run_cell(3)
