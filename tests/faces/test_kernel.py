"""`%janus` in a real kernel, by the messages that a front end would get."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from slow_speaker import SECONDS

pytestmark = pytest.mark.timeout(900)
QUESTION = "What was the total budget of the station for 2024?"
PATIENCE_SECONDS = 120.0
"""A message comes within a second, or late from a busy machine, or never."""


@dataclass
class Cell:
    """What came back from running a cell."""

    status: str = ""
    stdout: str = ""
    displays: list[dict[str, str]] = field(default_factory=list)
    updates: list[dict[str, str]] = field(default_factory=list)
    result: dict[str, str] | None = None
    error: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Take one message in."""
        match kind:
            case "stream":
                self.stdout += content["text"]
            case "display_data":
                self.displays.append(content["data"])
            case "update_display_data":
                self.updates.append(content["data"])
            case "execute_result":
                self.result = content["data"]
            case "error":
                self.error = content["traceback"]


class Kernel:
    """A kernel and a client that runs cells one by one."""

    def __init__(self, manager: KernelManager) -> None:
        self._manager = manager
        self._client = manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=PATIENCE_SECONDS)

    def run(self, code: str, *, interrupt_at: str = "") -> Cell:
        cell = Cell()
        start, interrupted_at = time.monotonic(), 0.0
        request = self._client.execute(code, allow_stdin=False)
        while True:
            message = self._client.get_iopub_msg(timeout=PATIENCE_SECONDS)
            if message["parent_header"].get("msg_id") != request:
                continue
            cell.take(message["msg_type"], message["content"])
            if interrupt_at and message["msg_type"] == interrupt_at and not interrupted_at:
                interrupted_at = time.monotonic()
                self._manager.interrupt_kernel()
            if message["content"].get("execution_state") == "idle":
                break
        cell.seconds = time.monotonic() - (interrupted_at or start)
        while (reply := self._client.get_shell_msg(timeout=PATIENCE_SECONDS))["parent_header"].get("msg_id") != request:
            pass
        cell.status = reply["content"]["status"]
        return cell

    def value(self, expression: str) -> str:
        """What `print(expression)` prints."""
        cell = self.run(f"print(({expression}))")
        assert cell.status == "ok", cell.error
        return cell.stdout.strip()

    def complete(self, code: str) -> list[str]:
        """What a front end would offer at the end of the line."""
        request = self._client.complete(code)
        while (reply := self._client.get_shell_msg(timeout=PATIENCE_SECONDS))["parent_header"].get("msg_id") != request:
            pass
        return reply["content"]["matches"]

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=False)
        self._manager.cleanup_resources()


@pytest.fixture(scope="module")
def kernel(terminal, tmp_path_factory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("kernel")
    environment = {**os.environ, "JANUS_HOME": str(terminal.home), "IPYTHONDIR": str(folder / "ipython")}
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=environment, cwd=str(folder))
    kernel = Kernel(manager)
    assert kernel.run("%load_ext janus_lab").status == "ok"
    yield kernel
    kernel.close()


def test_an_answer_grows_in_one_display_and_is_not_repeated(kernel):
    cell = kernel.run(f"%janus ask {QUESTION}")
    assert (cell.status, cell.result, len(cell.displays)) == ("ok", None, 1)
    final = cell.updates[-1]
    assert set(final) == {"text/plain", "text/html"}
    assert "1,284,000" in final["text/plain"]
    assert "<mark>" in final["text/html"]
    for data in (*cell.displays, *cell.updates):
        assert set(data) == {"text/plain", "text/html"}
    # Six a second, and the end; never one a token.
    assert len(cell.updates) <= 8 * cell.seconds + 2


def test_a_question_mark_an_apostrophe_and_an_assignment(kernel):
    assert kernel.run("answer = %janus ask what's the total budget for 2024?").status == "ok"
    assert kernel.value("answer.question") == "what's the total budget for 2024?"
    shown = kernel.run("answer")
    assert shown.result is not None
    assert set(shown.result) == {"text/plain", "text/html"}
    assert shown.displays == []
    context = kernel.run("answer.cite(answer.citations[0].number)")
    assert "<mark>" in context.result["text/html"]


def test_a_cell_a_variable_and_braces(kernel):
    kernel.run("year = 2024")
    kernel.run('%%janus ask -q -o kept\nWhat was the budget in {{year}}?\n{"json": {}} \\frac{{1}}{2} {year} $5')
    assert kernel.value("kept.question").split("\n") == [
        "What was the budget in 2024?",
        '{"json": {}} \\frac{{1}}{2} {year} $5',
    ]
    assert kernel.run("%%janus search lidar").result is not None


def test_other_verbs_return_values_with_both_forms(kernel):
    for line in ("status", "docs", "runs", "use", "search -k 2 lidar", "docs find lidar"):
        cell = kernel.run(f"value = %janus {line}\nvalue")
        assert cell.status == "ok", cell.error
        assert set(cell.result) == {"text/plain", "text/html"}
    assert kernel.run("x = %janus status --json").status == "ok"
    assert kernel.value("type(x).__name__, x['running']") == "('dict', True)"


def test_help_is_printed(kernel):
    assert "%janus ask" in kernel.run("%janus ask?").stdout
    assert "usage: %janus VERB" in kernel.run("%janus").stdout
    assert "--yes" in kernel.run("%janus docs rm --help").stdout


def test_an_error_is_two_lines_and_the_cell_fails(kernel):
    cell = kernel.run("%janus serach x")
    assert cell.status == "error"
    assert cell.error == ["bad-usage: there is no verb 'serach'", "What to do next: did you mean `%janus search`?"]
    assert kernel.run("%janus ingest /no/such/path").error[0].startswith("not-found: ")
    story = kernel.run("%janus traceback").stdout
    assert "Traceback (most recent call last)" in story
    assert "NotFound" in story
    assert kernel.run("held = %janus docs").status == "ok"
    assert kernel.run("%janus docs rm " + kernel.value("held[0].id")).error[-1] == "What to do next: add --yes"


def test_ingest_shows_progress_and_ends_as_its_report(kernel, tmp_path):
    (tmp_path / "note.md").write_text("# Note\n\nThe heron stands in the reeds.\n")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    cell = kernel.run(f"report = %janus ingest -c birds '{tmp_path}'")
    assert cell.status == "ok", cell.error
    assert len(cell.displays) == 1
    assert "1 added, 1 failed" in cell.updates[-1]["text/plain"]
    assert "broken.pdf" in cell.updates[-1]["text/html"]
    assert kernel.value("report.added, report.failed") == "(1, 1)"
    assert kernel.complete("%janus ask -c bi") == ["birds"]


def test_completion_reaches_the_front_end(kernel):
    assert "search" in kernel.complete("%janus se")
    assert kernel.complete("%janus ask --wh") == ["--where"]
    assert "path" in kernel.complete("import os; os.pat")


LONG = "Describe how the Kestrel-4 lidar measures the wind, in detail."


def test_interrupting_keeps_the_partial_answer(kernel, slow_model):
    cell = kernel.run(f"stopped = %janus ask --model {slow_model} {LONG}", interrupt_at="update_display_data")
    assert cell.seconds < SECONDS / 2
    assert cell.status == "ok", cell.error
    assert kernel.value("stopped.outcome.value") == "cancelled"
    assert kernel.value("len(stopped.text) > 0") == "True"
    assert "stopped" in cell.updates[-1]["text/html"]
    # The kernel and its lab go on.
    assert kernel.run("%janus status").status == "ok"


def test_interrupting_before_the_first_word_ends_as_cancelled(kernel, mute_model):
    cell = kernel.run(f"%janus ask --model {mute_model} {LONG}", interrupt_at="display_data")
    assert cell.seconds < SECONDS / 2
    assert "stopped" in cell.updates[-1]["text/html"]
    assert cell.status == "ok" or cell.error[0].startswith("run-cancelled: ")


def test_use_switches_the_collection_for_this_session(kernel):
    assert kernel.run("%janus use -c birds").status == "ok"
    assert kernel.run("found = %janus search heron").status == "ok"
    assert "heron" in kernel.value("found.hits[0].chunk.text")
    stack = kernel.run("%janus use stack")
    assert stack.error[0].startswith("bad-settings: ")
    assert kernel.run("%janus use -c default").status == "ok"


def test_unloading_closes_the_lab(kernel):
    assert kernel.run("%unload_ext janus_lab").status == "ok"
    assert kernel.run("%janus status").status == "error"
    assert kernel.run("%load_ext janus_lab").status == "ok"
    assert kernel.run("%janus status").result is not None
