"""HTML that can't be forgotten to escape: every string is escaped unless it is Markup."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from janus_lab.verbs.plain.printable import printable

_STYLE = """<style>
.janus{line-height:1.5;max-width:64em;overflow-wrap:anywhere}
.janus .text{white-space:pre-wrap;font-size:1.05em;margin:.3em 0 .6em}
.janus sup.n{color:color-mix(in srgb,#2a78d0 75%,currentColor)}
.janus sup.n{font-weight:600;margin-left:.15em;cursor:help}
.janus .unsupported{text-decoration:underline wavy #c77700 1px;text-underline-offset:3px}
.janus .badge{display:inline-block;font-size:.8em;font-weight:600;padding:.1em .7em;border-radius:1em;
border:1px solid currentColor;margin:0 .5em .2em 0}
.janus .good{color:color-mix(in srgb,#1f9d61 75%,currentColor)}
.janus .warn{color:color-mix(in srgb,#d98200 80%,currentColor)}
.janus .bad{color:color-mix(in srgb,#dc4437 80%,currentColor)}
.janus .dim{opacity:.68}.janus .small{font-size:.88em}
.janus.janus ul.cites{margin:.2em 0;padding:0;list-style:none}
.janus.janus ul.cites>li{margin:.3em 0;padding-left:.7em;border-left:3px solid rgba(64,132,214,.55)}
.janus details>summary{cursor:pointer}
.janus.janus blockquote{margin:.4em 0 .4em 1.1em;padding:.4em .8em;border:0;white-space:pre-wrap;
background:rgba(128,128,128,.12);border-radius:4px;font-size:.94em}
.janus mark{background:rgba(255,196,0,.38);color:inherit;padding:0 .1em;border-radius:2px}
.janus.janus table{border-collapse:collapse;margin:.4em 0;font-size:.92em}
.janus.janus tr{background:none}
.janus.janus th,.janus.janus td{text-align:left;vertical-align:top;padding:.25em 1em .25em 0;max-width:40em;
white-space:normal;border:0;border-bottom:1px solid rgba(128,128,128,.28);background:none}
.janus.janus th{font-weight:600;white-space:nowrap}
.janus.janus .num{text-align:right;white-space:nowrap}
.janus.janus .whole{white-space:nowrap}
.janus code{font-size:.92em;background:rgba(128,128,128,.14);color:inherit;padding:0 .3em;border-radius:3px}
.janus .bar{height:6px;border-radius:3px;background:rgba(128,128,128,.25);max-width:32em;margin:.4em 0;overflow:hidden}
.janus .bar>div{height:100%;background:#2a78d0}
.janus .source{min-width:15em}.janus .cursor{opacity:.6}
</style>"""


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """Text as HTML: escaped, also for attributes, and without characters that steer (control, direction of writing)."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text), quote=True))


def element(name: str, *content: str, kind: str = "", title: str = "") -> Markup:
    """`<name class=kind title=title>content</name>`, everything escaped."""
    attributes = (f' class="{escape(kind)}"' if kind else "") + (f' title="{escape(title)}"' if title else "")
    return Markup(f"<{name}{attributes}>{join(content)}</{name}>")


def join(parts: Iterable[str], separator: str = "") -> Markup:
    """Parts one after the other, each escaped unless it is Markup."""
    return Markup(str(escape(separator)).join(escape(part) for part in parts))


def page(*content: str) -> Markup:
    """One output: the content with the style it needs. No script, no address to fetch from."""
    return Markup(f'<div class="janus">{_STYLE}{join(content)}</div>')


def details(summary: str, *content: str) -> Markup:
    """Something that opens with a click."""
    return Markup(f"<details><summary>{escape(summary)}</summary>{join(content)}</details>")


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, numeric: Sequence[int] = (), whole: Sequence[int] = ()
) -> Markup:
    """A table; columns in `numeric` are aligned to the right, and neither they nor those in `whole` are broken into lines."""
    kinds = {**dict.fromkeys(whole, "whole"), **dict.fromkeys(numeric, "num")}

    def line(name: str, cells: Sequence[str]) -> Markup:
        return element("tr", *(element(name, cell, kind=kinds.get(i, "")) for i, cell in enumerate(cells)))

    body = join(line("td", row) for row in rows)
    return element("table", element("thead", line("th", header)), element("tbody", body))


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names and texts, a pair a line."""
    return element("table", *(element("tr", element("th", name), element("td", text)) for name, text in pairs))
