"""`monitor`: a board as a value, as text and as data; a machine that is not there is an error with a remedy."""

from __future__ import annotations

import json

import pytest
from board_values import hostile_board

from janus_lab.errors import NotFound
from janus_lab.values.board import Board
from janus_lab.values.gauge import Unit
from janus_lab.values.lease import LeaseRequest
from janus_lab.values.run import Priority
from janus_lab.verbs.as_data import as_data
from janus_lab.verbs.monitor import VERB
from janus_lab.verbs.plain import plain
from janus_lab.verbs.plain.board import amount, asked_for, held, lacking
from janus_lab.verbs.session import Session
from janus_lab.verbs.terminal import TerminalFace

GIB = 1 << 30


@pytest.fixture
def session(tmp_path):
    made = Session(announce=print, home=tmp_path, start=False)
    yield made
    made.close()


def board(session, line=""):
    return VERB.execute(VERB.parse(VERB.parser("janus"), line.split()), session, TerminalFace())


def test_it_is_a_board_of_this_machine_and_starts_nothing(session):
    found = board(session, "--once")
    assert isinstance(found, Board)
    assert found.sample.ram_total > 0
    assert json.loads(json.dumps(as_data(found)))["sample"]["cpu_count"] > 0
    assert not session.lab().status().running
    assert "Memory" in plain(found)


def test_a_machine_that_is_not_there_is_named_with_those_that_are(session):
    with pytest.raises(NotFound, match="nobody measures a machine 'lab-9'") as caught:
        board(session, "--machine lab-9")
    assert "name one of these" in caught.value.remedy


def test_everything_stands_in_the_text_of_a_board():
    text = plain(hostile_board("somebody's words"))
    for words in (
        "leases are granted", "Processor", "50%", "22.0 GiB of 64.0 GiB", "not known", "Leases", "asked to yield", "Waiting",
        "GPU 0", "Processes", "Janus", "other", "Queues", "Runs", "load 25%", "61 °C",
    ):  # fmt: skip
        assert words in text
    assert max(len(line) for line in text.splitlines()) < 400


def test_leases_are_told_in_words():
    request = LeaseRequest(
        "a", {"ram": 3 * GIB, "cpu": 1, "vram:0": GIB // 2, "slot:model:x": 1}, Priority.BATCH, "h", "embed"
    )
    assert held(request.weights) == "3.0 GiB memory, 1 thread, 512 MiB of GPU 0, 1 × model:x"
    assert held({}) == "nothing"
    assert asked_for(request) == "embed"
    assert asked_for(LeaseRequest("a", {}, Priority.BATCH, "h", "", run_id="0199ab34cd00ef", cell="In [3]")) == (
        "unnamed · run 0199ab34cd00e · In [3]"
    )


def test_what_a_waiting_request_is_short_of():
    book = hostile_board("x").book
    wants = LeaseRequest("b", {"cpu": 6, "ram": 39 * GIB, "vram:0": 1}, Priority.BATCH, "h", "p")
    assert lacking(wants, book) == "memory, GPU 0"
    assert lacking(LeaseRequest("b", {"vram:9": 1}, Priority.BATCH, "h", "p"), book) == "GPU 9"


def test_amounts_are_in_powers_of_1024():
    assert [amount(number, Unit.BYTES) for number in (0, 1023, 5 << 20, 3 << 30, 7 << 40)] == [
        "0 B", "1023 B", "5 MiB", "3.0 GiB", "7.0 TiB",
    ]  # fmt: skip
    assert amount(2.5, Unit.THREADS) == "2.5"
