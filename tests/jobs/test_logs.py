"""Logs of structlog and of the standard library end up in one bounded file of JSON lines."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from janus_lab.errors import SettingsError
from janus_lab.jobs import logs


@pytest.fixture(autouse=True)
def logging_as_before():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in logs._DRIVERS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def test_both_kinds_of_logs_are_json_lines(tmp_path):
    logs.log_to_file(tmp_path / "worker.log", "info")
    structlog.get_logger("ours").info("step-done", run="r1", count=3, folder=tmp_path)
    logging.getLogger("theirs").warning("a %s", "word")
    logging.getLogger("theirs").debug("too quiet")
    try:
        int("ünlucky")
    except ValueError:
        structlog.get_logger("ours").exception("broke")
    lines = [json.loads(line) for line in (tmp_path / "worker.log").read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["step-done", "a word", "broke"]
    assert (lines[0]["run"], lines[0]["count"], lines[0]["level"]) == ("r1", 3, "info")
    assert lines[1]["logger"] == "theirs"
    assert "ünlucky" in lines[2]["exception"]


def test_the_files_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "BYTES_PER_FILE", 10_000)
    logs.log_to_file(tmp_path / "worker.log", "info")
    for _ in range(1000):
        logging.getLogger("theirs").info("x" * 100)
    files = list(tmp_path.iterdir())
    assert len(files) == 1 + logs.OLD_FILES
    assert max(file.stat().st_size for file in files) <= 10_000


@pytest.mark.parametrize(
    ("level", "told"), [("info", ["failed"]), ("debug", ["requested", "failed", "connection lost"])]
)
def test_drivers_tell_of_every_request_only_to_whoever_debugs(tmp_path, level, told):
    logs.log_to_file(tmp_path / "worker.log", level)
    logging.getLogger("httpx").info("requested")
    logging.getLogger("httpx").warning("failed")
    logging.getLogger("pika.connection").error("connection lost")
    lines = (tmp_path / "worker.log").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == told


def test_an_unknown_level_is_a_wrong_setting(tmp_path):
    with pytest.raises(SettingsError, match="chatty"):
        logs.log_to_file(tmp_path / "worker.log", "chatty")
