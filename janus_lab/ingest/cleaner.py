"""Text made regular, once, before any span is measured on it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls (but tab and newline), soft hyphens, directional marks, zero-width spaces, byte-order marks, noncharacters and
# invisible tag letters: they hide words from search, or words from readers. Joiners stay, scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]+"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEVER_BREAKS = re.compile("[\u00a0\u2007\u202f]")
_BLANK_LINES = re.compile(r"\n{3,}")
_HYPHENS = "-\u2010"
_LAST_PART = re.compile(rf"([^\W\d_]+)([{_HYPHENS}])$")
_FIRST_PART = re.compile(r"\w+")
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")


def clean(text: str) -> str:
    """`text` in Unicode's composed form, with plain newlines, at most one blank line in a row, and nothing invisible.

    Blanks at line ends and blank lines at both ends go too; indentation stays. Cleaning again changes nothing.
    """
    text = _NEWLINES.sub("\n", text)
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
        text = _NEVER_BREAKS.sub(" ", text)
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def clean_line(text: str) -> str:
    """`text` as one line: cleaned, with every run of blanks made one space. For titles, headings and table cells."""
    return " ".join(clean(text).split())


def words_of(lines: Collection[str]) -> frozenset[str]:
    """The words that stand within lines, hyphenated ones whole, in lower case: what `hyphen_joint` compares with."""
    return frozenset(word.casefold() for line in lines for word in _WORD.findall(line))


def hyphen_joint(line: str, following: str, words: Collection[str]) -> str | None:
    """What stands for the hyphen between a line that ends in one and the line after it, or None if nothing is divided.

    "" joins "exam-" and "ple"; "-" keeps "Jean-" and "Paul" apart, and "well-" and "known" where "well-known" is in `words`.
    """
    last, first = _LAST_PART.search(line), _FIRST_PART.match(following)
    if last is None or first is None:
        return None
    if not first.group()[0].islower():
        return "-"
    whole = last.group(1) + first.group()
    if whole.casefold() not in words and f"{last.group(1)}-{first.group()}".casefold() in words:
        return "-"
    return ""
