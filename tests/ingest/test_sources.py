from __future__ import annotations

import os
import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from janus_lab.errors import FileTooLarge, UrlFailed
from janus_lab.ingest.fetch import fetch
from janus_lab.ingest.sources import scan, source_of
from janus_lab.values.document import Document


@pytest.fixture
def top(tmp_path):
    folder = tmp_path / "project" / "data"
    folder.mkdir(parents=True)
    return folder


def look(*sources, urls=False):
    """A scan from the project's folder, if a source lies in one."""
    folders = [folder for source in sources for folder in Path(source).parents if folder.name == "project"]
    root = folders[0] if folders else None
    return scan([str(source) for source in sources], root=root, home=(root or Path("/nowhere")) / ".janus", urls=urls)


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_folders_are_sorted_and_what_is_not_a_source_is_passed_over(top) -> None:
    write(top, "b.txt", "a/z.txt", "a/y/x.txt", ".hidden", ".git/config", "venv/pyvenv.cfg", "venv/lib/a.py")
    write(top, "node_modules/x.js", "__pycache__/a.pyc", "sub/.janus/janus.db", "ä.txt")
    result = look(top)
    assert [found.origin for found in result.found] == ["data/b.txt", "data/ä.txt", "data/a/z.txt", "data/a/y/x.txt"]
    assert result.failures == []


def test_globs_files_and_repeats(top) -> None:
    write(top, "a.txt", "b.md", "c/d.txt")
    result = look(top / "*.txt", top / "a.txt", top / "**/*.txt", top / "nothing*")
    assert [found.origin for found in result.found] == ["data/a.txt", "data/c/d.txt"]
    assert [failure.code for failure in result.failures] == ["not-found"]


def test_a_glob_does_not_follow_links_in_circles(top) -> None:
    write(top, "a.txt", "sub/b.txt")
    (top / "loop").symlink_to(".")
    (top / "again").symlink_to(".")
    (top / "sub" / "up").symlink_to("..")
    result = look(top / "**" / "*.txt")
    assert [found.origin for found in result.found] == ["data/a.txt", "data/sub/b.txt"]
    assert result.failures == []


def test_a_glob_passes_over_hidden_files_and_the_data_directory(tmp_path, top) -> None:
    write(top.parent, "data/a.txt", "data/.b.txt", ".janus/c.txt", ".d/e.txt")
    (top / "link").symlink_to(top.parent / ".janus")
    for pattern in ("**/*.txt", "**/*", "*/*.txt", "**/**.txt"):
        assert [found.origin for found in look(top.parent / pattern).found] == ["data/a.txt"]
    assert [found.origin for found in look(top.parent / "**" / ".*.txt").found] == ["data/.b.txt"]
    assert look(top.parent / ".janus" / "*.txt").found == []


def test_origins_outside_of_the_project_are_absolute(tmp_path, top) -> None:
    write(tmp_path, "elsewhere.txt")
    write(top, "with#hash.txt")
    assert look(top, tmp_path / "elsewhere.txt").found[1].origin == str(tmp_path / "elsewhere.txt")
    assert look(top).found[0].origin == "data/with%23hash.txt"


def test_missing_and_special_files(top, monkeypatch) -> None:
    os.mkfifo(top / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(top)  # a socket's path must be short
        server.bind("socket")
        result = look(top, top / "missing.txt", "/dev/zero")
    assert [(failure.origin, failure.code) for failure in result.failures] == [
        ("data/pipe", "not-a-file"),
        ("data/socket", "not-a-file"),
        ("data/missing.txt", "not-found"),
        ("/dev/zero", "not-a-file"),
    ]
    assert all(failure.remedy for failure in result.failures)


def test_links_stay_inside_and_end(tmp_path, top) -> None:
    write(tmp_path, "outside.txt", "outside/secret.txt")
    write(top, "a.txt", ".blobs/b", "sub/c.txt")
    (top / "same").symlink_to("a.txt")
    (top / "blob.txt").symlink_to(".blobs/b")
    (top / "loop").symlink_to("loop")
    (top / "sub" / "up").symlink_to("..")
    (top / "out.txt").symlink_to(tmp_path / "outside.txt")
    (top / "out").symlink_to(tmp_path / "outside")
    (top / "gone").symlink_to("nowhere")
    result = look(top)
    assert [found.origin for found in result.found] == ["data/a.txt", "data/sub/c.txt", "data/blob.txt"]
    assert {failure.origin: failure.code for failure in result.failures} == {
        "data/loop": "unreadable-file",
        "data/out.txt": "file-forbidden",
        "data/out": "file-forbidden",
        "data/gone": "not-found",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_forbidden_files_and_folders(room, files) -> None:
    write(files, "open.txt", "closed.txt", "closed/x.txt")
    (files / "closed.txt").chmod(0)
    (files / "closed").chmod(0)
    report = room.ingest(files)
    (files / "closed").chmod(0o700)
    assert report.added == 1
    assert [(o.origin, o.code) for o in report.outcomes if o.code] == [
        ("files/closed", "file-forbidden"),
        ("files/closed.txt", "file-forbidden"),
    ]


def test_urls_only_when_asked_for(top) -> None:
    result = look("http://localhost/x.html", "ftp://localhost/x")
    assert [failure.code for failure in result.failures] == ["url-failed", "url-failed"]
    assert [found.origin for found in look("http://localhost/x.html#part", urls=True).found] == [
        "http://localhost/x.html"
    ]


def test_source_of_a_document() -> None:
    def document(origin, key):
        return Document("d", "c", origin, "t", "m", "h", "v", 1, 1, 0, {}, 0.0, key)

    assert source_of(document("a.jsonl#x#y", "x#y")) == "a.jsonl"
    assert source_of(document("a.txt", None)) == "a.txt"


@pytest.fixture
def web():
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/to/"):
                self.send_response(302)
                self.send_header("location", self.path.removeprefix("/to/"))
                self.end_headers()
                return
            self.send_response(404 if self.path == "/none" else 200)
            self.send_header("content-type", "text/html; charset=iso-8859-1")
            self.end_headers()
            self.wfile.write("<title>Café</title><p>Déjà vu</p>".encode("latin-1"))

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_pages_are_fetched_and_ingested(room, web) -> None:
    report = room.ingest(f"{web}/page", f"{web}/none", urls=True)
    assert (report.added, report.failed) == (1, 1)
    (document,) = room.check()["documents"].values()
    assert (document.origin, document.title, document.media_type) == (f"{web}/page", "Café", "text/html")
    assert room.ingest(f"{web}/page", urls=True).unchanged == 1


def test_fetch_is_bounded(web) -> None:
    fetched = partial(fetch, turn=lambda _host: None)
    assert fetched(f"{web}/to//page", 1000).charset == "iso-8859-1"
    with pytest.raises(FileTooLarge):
        fetched(f"{web}/page", 10)
    with pytest.raises(UrlFailed, match="file:"):
        fetched(f"{web}/to/file:///etc/passwd", 1000)
    with pytest.raises(UrlFailed, match="redirects"):
        fetched(f"{web}/to//to//to//to//to//to//to//page", 1000)
    with pytest.raises(UrlFailed):
        fetched("http://127.0.0.1:9/", 1000)
