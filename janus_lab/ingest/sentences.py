"""Where sentences begin and end, by rules: no model, no language data, any length of text.

A sentence ends at a blank line, where a list item, heading or table row begins, or at closing punctuation followed by
something that can begin a sentence. A full stop after an abbreviation, an initial or a number does not end one.
"""

from __future__ import annotations

import re


def _words(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


_BEFORE_NAMES = _words("""
    adm asst brig capt cf cmdr comdr cpl d.h dr ed eds e.g eg fr gen gov hon i.e ie lt maj messrs mgr mlle mme mr mrs ms
    mss mt prof resp rev sen sergt sgt sr st ste supt vgl viz vs z.b
""")
"""Abbreviations that stand before a name: their full stop ends no sentence, whatever follows."""

_BEFORE_NUMBERS = _words("""
    abb abs al approx apr app art aug bd c ca ch chap col dec eq eqs est feb fig figs fn jan jul jun mar no nos nov nr
    oct op p par para pp pt ref refs s sec secs sect sep sept tab tbl vol vols
""")
"""Abbreviations (and words) whose full stop ends no sentence if a number follows."""

_OPENERS = _words("""
    a after all also although an and another any as at because before both but by despite during each even every few
    finally first for from furthermore he her here his how however i if in instead it its later many meanwhile moreover
    most my nevertheless no nobody none not now of on once one only or other our she since so some still such that the
    their then there these they this those through thus to today two under until we what when where whether which while
    who why with within without yet you your
""")
"""Words that, capitalised after an acronym's or initial's full stop, show that a new sentence has begun."""

_CANDIDATE = re.compile(
    r"""
    (?P<blank>\n[^\S\n]*\n\s*)                                  # a paragraph ends
    | (?P<line>\n(?=[^\S\n]*(?:[-*+•‣▪|#>]|\d{1,3}[.)]\s|[^\W\d_][\w\ \-/()%.]{0,39}:\ )))   # an item, row or heading begins
    | (?P<wide>[。！？]+[”’」』）"')\]]*)                          # CJK: no space follows
    | (?P<stop>(?:(?<![.])\.{1,3}|(?<![!?…])[!?…]++)[”’»"')\]]*+)\s++(?=(?P<next>\S))
    """,
    re.VERBOSE,
)
_WORD_BEFORE = re.compile(r"[^\s(\[“\"'‘«]+$")
_WORD_AFTER = re.compile(r"[\w']+")
_OPENING = "“‘«\"'([*_"
_HEADING = re.compile(r"[^\S\n]*#{1,6} ")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Spans (start, end exclusive) of the sentences of `text`, in order.

    They do not overlap, have no blanks at either end, and hold every character that is not blank.
    """
    spans: list[tuple[int, int]] = []
    begin = 0
    for match in _CANDIDATE.finditer(text):
        if match.lastgroup == "blank" or match.group("line") is not None:
            end = match.start()
        elif match.group("wide") is not None:
            end = match.end()
        elif _ends_sentence(text, match, begin):
            end = match.end("stop")
        else:
            continue
        _append(spans, text, begin, end)
        begin = end
    _append(spans, text, begin, len(text))
    return spans


def _append(spans: list[tuple[int, int]], text: str, begin: int, end: int) -> None:
    piece = text[begin:end]
    stripped = piece.lstrip()
    begin += len(piece) - len(stripped)
    end = begin + len(stripped.rstrip())
    if end == begin:
        return
    heading = _HEADING.match(text, begin, end)
    newline = text.find("\n", begin, end) if heading else -1
    if newline == -1:
        spans.append((begin, end))
        return
    spans.append((begin, begin + len(text[begin:newline].rstrip())))
    _append(spans, text, newline, end)


def _ends_sentence(text: str, match: re.Match[str], begin: int) -> bool:
    after = match.start("next")
    while after < len(text) and text[after] in _OPENING:
        after += 1
    following = text[after] if after < len(text) else ""
    if following.islower():
        return False
    if not match.group("stop").startswith(".") or match.group("stop").startswith(".."):
        return True
    before = _WORD_BEFORE.search(text, max(begin, match.start() - 40), match.start())
    if before is None:
        return True
    return not _belongs_to_word(before.group(), before.start() == _first_word(text, begin), text, after)


def _belongs_to_word(word: str, first: bool, text: str, after: int) -> bool:  # noqa: FBT001
    """Whether the full stop after `word` is part of it, given that the text goes on at `after`."""
    if word.casefold() in _BEFORE_NAMES:
        return True
    if word.casefold() in _BEFORE_NUMBERS and text[after : after + 1].isdigit():
        return True
    if word.isdigit():
        return first  # "1. Introduction": a numbered item
    letters = word.split(".")  # "J", "U.S": single letters
    if not all(len(part) == 1 and part.isalpha() for part in letters):
        return False
    if len(letters) == 1 and not word.isupper():
        return False
    # An initial ("J. Smith") or an acronym ("the U.S. Senate"), unless a typical opener follows.
    following = _WORD_AFTER.match(text, after)
    return following is None or following.group().casefold() not in _OPENERS


def _first_word(text: str, begin: int) -> int:
    while begin < len(text) and text[begin].isspace():
        begin += 1
    return begin
