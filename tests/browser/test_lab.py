"""The main job in real JupyterLab: load, ingest, ask, read the citations; hostile documents stay text."""

import re
from itertools import pairwise
from pathlib import Path

CORPUS = Path(__file__).parents[2] / "samples" / "corpus"

BUDGET = "What was the total budget of the station for 2024?"
LONG = "Describe how the Kestrel-4 lidar measures the wind, in detail."
ATTEMPTS = 6
"""The packaged model is quick: its answer may be complete before an interrupt arrives, and then there is none to stop."""

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
    assert lab.cell(1).locator(".janus .badge.good").count() == 1
    assert "Janus started its engine room" in lab.cell(1).inner_text()

    lab.page.evaluate(WATCH, False)
    lab.run_cell(2)
    drafts = lab.page.evaluate("() => window.drafts.map(text => text.replace('▌', ''))")
    assert drafts
    assert all(later.startswith(earlier) for earlier, later in pairwise(drafts))

    answer = lab.cell(2)
    assert "1,284,000 euros" in answer.locator(".janus .text").inner_text()
    assert answer.locator("sup.n").count() >= 1
    citation = answer.locator("ul.cites details").first
    assert "p. 2" in citation.locator("summary").inner_text()
    assert not citation.locator("blockquote").is_visible()
    citation.locator("summary").click()
    assert "1,284,000 euros" in citation.locator("blockquote mark").inner_text()
    assert len(citation.locator("blockquote").inner_text()) > len(citation.locator("mark").inner_text())

    for index in range(3, 7):
        lab.run_cell(index)
    assert "21 days" in lab.cell(3).locator(".janus .text").inner_text()
    assert lab.cell(6).locator(".badge", has_text="no answer").count() == 1
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
    lab.page.evaluate("() => document.querySelectorAll('.janus details').forEach(d => { d.open = true })")
    assert "<script>window.__janus_pwned=1</script>" in lab.cell(0).locator(".janus .text").inner_text()
    lab.page.wait_for_timeout(500)
    assert lab.page.evaluate("() => window.__janus_pwned") is None
    assert lab.external == []


def test_labs_interrupt_keeps_the_partial_answer(lab):
    lab.open(
        lab.server.write("stop.ipynb", ["%load_ext janus_lab", f"stopped = %janus ask {LONG}", "stopped.outcome.value"])
    )
    lab.run_cell(0)
    for _ in range(ATTEMPTS):
        lab.page.evaluate(WATCH, True)
        lab.run_cell(1, wait=False)
        lab.idle(timeout=60_000)
        if lab.cell(1).locator(".badge.bad").count():
            break
    assert lab.cell(1).locator(".badge", has_text=re.compile("^stopped$")).count() == 1
    assert lab.cell(1).locator(".janus .text").inner_text().strip()
    lab.run_cell(2)
    assert "cancelled" in lab.cell(2).inner_text()
    lab.picture("stopped-light")
