from __future__ import annotations

import pytest

from janus_lab.errors import FileTooLarge, NoText

PAGE = """<!doctype html><html lang="en"><head><title>A  page</title><meta name="author" content="Ada">
<script>var hidden = "SCRIPT";</script><style>p { color: red }</style></head><body>
<nav>Home | About</nav><h1>Visiting</h1><p>Come <b>in</b>
 summer.<br>Bring   boots.</p><script>alert("SCRIPT")</script><noscript>SCRIPT</noscript>
<p hidden>SCRIPT</p><div style="display: none">SCRIPT <p>SCRIPT</p></div><!-- SCRIPT --><svg><text>SCRIPT</text></svg>
<template>SCRIPT</template><iframe src="javascript:alert('SCRIPT')">SCRIPT</iframe>
<img src=x onerror="alert('SCRIPT')"><h2 onclick="SCRIPT()">Prices</h2>
<table><tr><th>Who</th><th>Price</th></tr><tr><td>Child</td><td><p>4 euros</p></td></tr></table>
<ul><li>One</li><li>Two <em>more</em></li></ul><pre>a
   b</pre></body></html>"""


def test_what_is_seen_is_read(read) -> None:
    document = read.one("x.html", PAGE)
    assert document.text == (
        "Visiting\n\nCome in summer.\nBring boots.\n\nPrices\n\nWho | Price\nChild | 4 euros\n\n- One\n- Two more\n\na\n   b"
    )
    assert "SCRIPT" not in document.text
    assert document.title == "A page"
    assert document.metadata == {"author": "Ada", "language": "en"}
    assert [(s.level, s.title) for s in document.sections] == [(1, "Visiting"), (2, "Prices")]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "iso-8859-1", "shift_jis", "utf-16"])
def test_character_sets(read, encoding) -> None:
    words = "日本語です" if encoding == "shift_jis" else "Café Übung"
    page = f'<html><head><meta charset="{encoding}"><title>t</title></head><body><p>{words}</p></body></html>'
    assert read.one("x.html", page.encode(encoding)).text == words


def test_deep_nesting_is_read_and_bounded(read) -> None:
    depth = 3_000
    document = read.one("x.html", "<div>" * depth + "deep" + "</div>" * depth)
    assert document.text == "deep"
    assert read.one("y.html", "<p>word<br>" * 50_000 + "<ul>" + "<li>x" * 50_000).text.endswith("- x")
    with pytest.raises(FileTooLarge, match="deep"):
        read("z.html", "<b>" * 200_000)


def test_unclosed_and_odd_markup(read) -> None:
    assert read.one("x.html", "<p>a<p>b<td>c</b></i><h1>T").text == "a\n\nb\n\nc\n\nT".replace("b\n\nc", "bc")


def test_a_page_of_nothing_but_scripts_has_no_text(read) -> None:
    with pytest.raises(NoText):
        read("x.html", "<html><body><script>alert(1)</script></body></html>")
