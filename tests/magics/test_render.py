"""Values as HTML: everything escaped, nothing fetched, nothing executed."""

import html.parser
import re
import time
from dataclasses import replace

import pytest
from board_values import hostile_board

from janus_lab.values.answer import Answer, Citation, CitedContext, Outcome, Sentence
from janus_lab.values.beginning import Beginning
from janus_lab.values.board import Board
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document
from janus_lab.values.hardware import Advice, HardwareProfile, Inventory, Kept, ModelFit, Processor, ProfileWritten
from janus_lab.values.health import Check, EngineRoomStatus, HealthReport, Verdict
from janus_lab.values.hit import Hit, Ranking, SearchResult
from janus_lab.values.ingest import FileOutcome, FileState, IngestPlan, IngestReport, Progress
from janus_lab.values.migration import MigrationPlan, MigrationReport
from janus_lab.values.model import ModelFiles, ModelRecord, ModelTask
from janus_lab.values.model_run import BenchReport, BenchStream
from janus_lab.values.model_status import DeviceMemory, MemoryShare, ModelStatus, ModelView
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.run import Priority, Run, RunError, RunKind, RunState, Step
from janus_lab.values.stored_key import KeyContent, KeyPage, StoredKey
from janus_lab.values.work_queue import OpenedRun, QueuedRun, WorkQueue
from janus_lab.verbs.listings import (
    DeadLetters,
    DeletedKeys,
    Documents,
    ModelAdded,
    ModelFits,
    RawKey,
    Rows,
    Runs,
    SearchResults,
    SharedRun,
    told_as,
)
from janus_lab.verbs.session import Using
from janus_magics.render import HTML, bundle
from janus_magics.render import html as to_html
from janus_magics.render.answer import answer as render_answer
from janus_magics.render.live import draft, progress
from janus_magics.render.markup import Markup, element, escape, join, table

EVIL = "\"'><script>window.__janus_pwned=1</script><img src=http://x.test/a onerror=alert(1)>\u202e\x1b[31m&amp;"
CITATION = Citation(1, EVIL, EVIL, EVIL, EVIL, EVIL, 3, 0, 5, EVIL)
HIT = Hit(Chunk("c", "d", "v", 0, 0, 5, 2, EVIL, EVIL * 3), 0.5, 1, (Ranking(EVIL, 1, 0.5),), EVIL, EVIL, EVIL)
RESULT = SearchResult(EVIL, (HIT,), EVIL, {EVIL: 0.1})
DOCUMENT = Document(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, 1, 1, 1, {EVIL: EVIL}, time.time(), EVIL)
OUTCOME = FileOutcome(EVIL, FileState.FAILED, 0, 0, EVIL, EVIL, EVIL)
RUN = Run(
    EVIL, RunKind.ASK, RunState.FAILED, Priority.BATCH, {"question": EVIL}, time.time(), 1.0, 2.0, 1, 1,
    error=RunError(EVIL, EVIL, EVIL), manifest={EVIL: EVIL},
)  # fmt: skip
ANSWER = Answer(
    EVIL, EVIL, Outcome.EXTRACTIVE, (Sentence(EVIL, 0, 5, (1, 9), True), Sentence(EVIL, 5, len(EVIL), (), False)),
    (CITATION,), (HIT,), EVIL, {EVIL: 1.0}, (EVIL,), EVIL,
)  # fmt: skip
EVIL_KEY = StoredKey(EVIL, EVIL, EVIL, 1.0, 2, 3)
EVIL_CONTENT = KeyContent(EVIL_KEY, 1.0, EVIL, EVIL, {EVIL: EVIL}, ({EVIL: {EVIL: [EVIL]}},), ((EVIL, EVIL),), 1)
MODEL = ModelStatus(
    ModelRecord(EVIL, ModelTask.GENERATION, EVIL), ModelFiles(EVIL, (EVIL,), 1, EVIL, EVIL, EVIL), missing=EVIL
)
VALUES = {
    Answer: ANSWER,
    CitedContext: CitedContext(CITATION, EVIL, EVIL, EVIL),
    SearchResult: RESULT,
    SearchResults: SearchResults([RESULT]),
    Document: DOCUMENT,
    Documents: Documents([DOCUMENT]),
    IngestReport: IngestReport(EVIL, EVIL, 1, 0, 0, 0, 1, 1, 1, 1, 1.0, (OUTCOME,)),
    IngestPlan: IngestPlan(EVIL, 1, 1, 0, 1, 1.0, 0, (OUTCOME,)),
    Run: RUN,
    Runs: Runs([RUN]),
    SharedRun: SharedRun(RUN, (RUN, RUN)),
    Rows: Rows([{EVIL: EVIL, "n": 1}, {EVIL: [EVIL, {EVIL: EVIL}], "n": None}]),
    EngineRoomStatus: EngineRoomStatus(
        True, EVIL, EVIL, 1, 2, 3, True, EVIL, 1.0, 1, 1, 1, 1, {EVIL: (EVIL, EVIL), "generation": ()}, {EVIL: EVIL}
    ),
    HealthReport: HealthReport((Check(EVIL, Verdict.FAILED, EVIL, EVIL),)),
    WorkQueue: WorkQueue(
        1.0,
        (QueueLength(EVIL, 1, 2, None, 3),),
        (QueuedRun(RUN, waits={"what": [EVIL]}), QueuedRun(replace(RUN, cell=EVIL), progress={"files_total": 1})),
        (DeadLetter(EVIL, EVIL, EVIL, EVIL, 1.0),),
        OpenedRun(RUN, 1, (Step(EVIL, EVIL, {EVIL: 1}, 1.0),)),
        EVIL,
    ),
    DeadLetters: DeadLetters([DeadLetter(EVIL, EVIL, EVIL, EVIL, 1.0)]),
    Board: hostile_board(EVIL),
    HardwareProfile: HardwareProfile(
        Inventory(hostile_board(EVIL).sample, Processor(EVIL, EVIL, EVIL, 4, 8, (EVIL,)), 1),
        (ModelFit(EVIL, EVIL, 1, EVIL),),
        (Advice(EVIL, 1, 2, EVIL),),
        (Advice(EVIL, 1, 2, EVIL, EVIL),),
        (EVIL,),
    ),
    ProfileWritten: ProfileWritten((EVIL,), f"--- {EVIL}\n+{EVIL}\n", (Kept(EVIL, EVIL, 1),), (EVIL,)),
    Using: Using(EVIL, EVIL, EVIL, True, {EVIL: EVIL}),
    Beginning: Beginning(EVIL, (EVIL,), (EVIL,), (EVIL,), (EVIL,)),
    KeyPage: KeyPage(EVIL, 1.0, (EVIL_KEY,), note=EVIL),
    KeyContent: EVIL_CONTENT,
    RawKey: RawKey(EVIL_CONTENT),
    DeletedKeys: DeletedKeys([EVIL]),
    ModelStatus: MODEL,
    ModelAdded: told_as(ModelAdded, MODEL),
    ModelFits: told_as(ModelFits, MODEL),
    ModelView: ModelView((MODEL,), (DeviceMemory("ram", EVIL, 9, (MemoryShare(EVIL, 1, 1, 1),), 1, 1, 4),)),
    BenchReport: BenchReport(EVIL, ModelTask.GENERATION, 1.0, 1.0, (BenchStream(1, 1.0, 1.0),)),
    MigrationPlan: MigrationPlan(EVIL, EVIL, {EVIL: 1}, 1, 1.0, resumes=True),
    MigrationReport: MigrationReport(EVIL, EVIL, {EVIL: 1}, (EVIL,), (EVIL,), 1.0),
}
ALLOWED = {
    "div", "style", "span", "sup", "b", "ul", "li", "details", "summary", "blockquote", "mark", "table", "thead", "tbody",
    "tr", "th", "td", "code",
}  # fmt: skip


class Reader(html.parser.HTMLParser):
    """Collects tags and attributes, and checks that tags close."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.open = set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check(markup):
    reader = Reader()
    reader.feed(markup)
    assert reader.open == []
    assert reader.tags <= ALLOWED
    assert reader.attributes <= {"class", "title", "style", "role", "aria-label"}
    assert not set(markup) & set("\u202e\x1b")
    assert "url(" not in markup
    assert "@import" not in markup


def test_every_value_with_a_display_is_tried_here():
    assert set(VALUES) == set(HTML)


@pytest.mark.parametrize("kind", VALUES)
def test_hostile_text_stays_text(kind):
    both = bundle(VALUES[kind])
    assert set(both) == {"text/plain", "text/html"}
    check(both["text/html"])
    assert "&lt;script&gt;" in both["text/html"]
    assert not set(both["text/plain"]) & set("\u202e\x1b")


def test_growing_displays_are_as_safe_and_bounded():
    check(draft(EVIL))
    check(draft(EVIL, ended=True))
    check(progress(Progress(1, 3, 4, 5.0, 6.0, EVIL), [EVIL]))
    assert len(draft("x" * 1_000_000)) < 30_000


def test_an_answer_marks_support_and_opens_quotes_in_context():
    text = "Lima is old. It is big."
    sentences = (Sentence("Lima is old.", 0, 12, (1,), True), Sentence("It is big.", 13, 23, (), False))
    cited = Citation(1, "d", "v", "c", "Cities", "cities.pdf", 2, 6, 18, "Lima is old.")
    value = Answer("?", text, Outcome.GENERATED, sentences, (cited,), (), "0199", {}, ())
    plain_quote = render_answer(value, {})
    with_context = render_answer(value, {1: CitedContext(cited, "Yes: ", "Lima is old.", " Indeed")})
    assert '<sup class="n" title="Cities, p. 2: “Lima is old.”">1</sup>' in plain_quote
    assert '<span class="unsupported" title="No document supports this sentence.">It is big.</span>' in plain_quote
    assert "<blockquote>…Yes: <mark>Lima is old.</mark> Indeed…</blockquote>" in with_context
    assert "badge" not in plain_quote.split("</style>")[1]


def test_numbers_in_the_text_become_marks_in_their_place():
    text = "It rose [1][2] by [3] metres."
    cited = Citation(1, "d", "v", "c", "A", "a", None, 0, 2, "It")
    both = (cited, Citation(2, "d", "v", "c", "B", "b", None, 0, 2, "It"))
    value = Answer("?", text, Outcome.GENERATED, (Sentence(text, 0, 29, (1, 2), True),), both, (), "r", {}, ())
    body = render_answer(value, {}).split("</style>")[1]
    assert re.sub(r' title="[^"]*"', "", body).startswith(
        '<div class="text">It rose<sup class="n">1</sup><sup class="n">2</sup> by [3] metres.</div>'
    )


@pytest.mark.parametrize(
    ("outcome", "word"),
    [(Outcome.EXTRACTIVE, "quoted"), (Outcome.REFUSED, "no answer"), (Outcome.CANCELLED, "stopped")],
)
def test_other_outcomes_wear_a_badge(outcome, word):
    value = Answer("?", "t", outcome, (Sentence("t", 0, 1, (), False),), (), (), "0199", {}, ())
    body = render_answer(value, {}).split("</style>")[1]
    assert re.search(rf'class="badge \w+">{word}<', body)
    # Only what was checked may be called unsupported.
    assert ("unsupported" in body) == (outcome is Outcome.EXTRACTIVE)


def test_an_answer_names_the_model_that_wrote_it():
    assert "no model" in render_answer(ANSWER, {})
    assert "0 hits · a&lt;b · run" in render_answer(replace(ANSWER, model="a<b", hits=()), {})


def test_empty_lists_say_so():
    assert "No documents" in to_html(Documents())
    assert "No runs" in to_html(Runs())
    assert "Nothing found" in to_html(SearchResult("x", (), "r", {}))
    assert "it is &lt;empty" in to_html(SearchResult("x", (), "r", {}, ("it is <empty",)))


def test_markup_is_escaped_once():
    assert escape("<&>") == "&lt;&amp;&gt;"
    assert escape(Markup("<b>")) == "<b>"
    assert join(("<", element("b", "&")), separator=" & ") == "&lt; &amp; <b>&amp;</b>"
    assert element("i", "x", kind='a"b', title="<") == '<i class="a&quot;b" title="&lt;">x</i>'
    assert '<td class="num">1</td>' in table(("a",), [("1",)], numeric=(0,))
