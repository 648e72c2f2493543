"""`queue` and `worker`: what they take, what they refuse, what they show."""

from __future__ import annotations

import pytest

from janus_lab.cli import main
from janus_lab.errors import UsageError
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.work_queue import WorkQueue
from janus_lab.verbs import queue, worker
from janus_lab.verbs.listings import DeadLetters
from janus_lab.verbs.plain import plain


class Face:
    """A face that hears what is said, and must live on."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def give_way(self, command: str) -> None:
        raise UsageError(f"not {command}", remedy="use a terminal")


class Session:
    """A session whose lab's queues are the test's."""

    def __init__(self) -> None:
        self.queues = self
        self.named: list[object] = []

    def lab(self):
        return self

    def redrive(self, ids):
        self.named.append(ids)
        return 2

    discard = redrive


def executed(words: list[str], session: Session, face: Face) -> object:
    return queue.VERB.execute(queue.VERB.parse(queue.VERB.parser("janus"), words), session, face)


def test_messages_are_named_or_all_are_meant_and_never_by_silence():
    session, face = Session(), Face()
    for words in (["redrive"], ["redrive", "--all", "3f2a"], ["discard"]):
        with pytest.raises(UsageError):
            executed(words, session, face)
    assert executed(["redrive", "3f2a"], session, face) is None
    assert executed(["redrive", "--all", "--json"], session, face) == {"redriven": 2}
    assert session.named == [["3f2a"], None]
    assert face.said == ["2 messages redriven"]


def test_a_kernel_does_not_become_a_worker():
    args = worker.VERB.parse(worker.VERB.parser("%janus"), ["--processes", "2"])
    with pytest.raises(UsageError):
        worker.VERB.execute(args, Session(), Face())


def test_a_worker_in_the_foreground_needs_servers(tmp_path, capsys):
    assert main(["--home", str(tmp_path / "home"), "worker"]) == 1
    assert "redis_url" in capsys.readouterr().err


def test_lengths_and_letters_are_shown_and_nothing_in_them_is_executed():
    shown = plain(WorkQueue(1.0, (QueueLength("janus.batch", 3, 1, None, 2),)))
    assert shown.splitlines()[1].split() == ["janus.batch", "3", "1", "–", "2"]
    assert shown.endswith("No runs.")
    letter = DeadLetter("3f2a", "janus.batch", "", "it said \x1b[31mred\nand more", None)
    shown = plain(DeadLetters([letter]))
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2
    assert plain(DeadLetters()) == "No message is parked."
