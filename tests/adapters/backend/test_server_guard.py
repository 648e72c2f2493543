"""What a server of ours prints, kept: whole lines, no key, no endless file, and nothing that ends the server."""

from __future__ import annotations

from contextlib import closing

import pytest

from janus_lab.adapters.backend import server_guard
from janus_lab.adapters.backend.server_guard import Log

KEY = "key-0123456789"


@pytest.fixture
def log(tmp_path):
    with closing(Log(tmp_path / "model.log", KEY)) as opened:
        yield opened


@pytest.mark.parametrize("cut", range(len(KEY) + 1))
def test_a_key_that_comes_in_two_pieces_of_an_endless_line_is_not_shown(log, tmp_path, cut):
    line = ("x" * 70_000 + KEY + "y" * 70_000).encode()
    for piece in (line[: 70_000 + cut], line[70_000 + cut :], b"\n"):
        log.write(piece)
    assert (tmp_path / "model.log").read_bytes() == line.replace(KEY.encode(), b"(key)") + b"\n"


def test_a_log_that_can_not_be_begun_anew_is_gone_on_with(log, tmp_path, monkeypatch):
    monkeypatch.setattr(server_guard, "_LARGEST_LOG", 10)
    log.write(b"the first line\n")
    (tmp_path / "model.1.log").mkdir()
    log.write(b"the second line\n")
    assert (tmp_path / "model.log").read_bytes() == b"the first line\nthe second line\n"
    (tmp_path / "model.1.log").rmdir()
    log.write(b"the third line\n")
    assert (tmp_path / "model.log").read_bytes() == b"the third line\n"
    assert (tmp_path / "model.1.log").read_bytes() == b"the first line\nthe second line\n"
