"""What a question asks for: its words, and the kind of thing that would answer it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from janus_lab.answering.words import content_stems, is_name, is_number, stem, stems, words


class AnswerKind(StrEnum):
    """The kind of thing asked for, as far as the words of an English question show it."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    REASON = "reason"
    OTHER = "other"


_PATTERNS = (
    (
        AnswerKind.NUMBER,
        re.compile(
            r"\bhow (many|much|old|long|far|tall|high|large|big|fast|often|deep|wide|heavy|few)\b"
            r"|\b(what|which) (percent|percentage|number|amount|portion|fraction|price|cost)\b",
            re.IGNORECASE,
        ),
    ),
    (
        AnswerKind.REASON,
        re.compile(r"\bwhy\b|\bwhat (caused|causes|is the (reason|cause)|was the (reason|cause))\b", re.IGNORECASE),
    ),
    (
        AnswerKind.DATE,
        re.compile(r"\bwhen\b|\b(what|which) (year|date|day|month|century|decade|time)\b", re.IGNORECASE),
    ),
    (
        AnswerKind.NAME,
        re.compile(
            r"\b(who|whom|whose|where)\b|\b(what|which) (city|country|state|place|town|region|county|continent|person)\b",
            re.IGNORECASE,
        ),
    ),
)
_CAUSE = re.compile(
    r"\b(because|since|due to|owing to|thanks to|therefore|thus|hence|so that|in order to|(as|a) result|(lead|leads|led) to"
    r"|caus(e|ed|es|ing)|reasons?|for fear|to (avoid|prevent|ensure|protect))\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\d{3,4}(s|th|st|nd|rd)?")
_CALENDAR = """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday century today spring summer autumn winter decade
"""
_CALENDAR_WORDS = frozenset(_CALENDAR.split())


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart: `content` are the distinct stems of its meaningful words, in order."""

    text: str
    content: tuple[str, ...]
    stems: frozenset[str]
    kind: AnswerKind


def read_question(text: str) -> Question:
    """Take a question apart. One without any meaningful word ("what is it?") keeps all its words."""
    content = tuple(dict.fromkeys(content_stems(text)))
    every = stems(text)
    kind = next((kind for kind, pattern in _PATTERNS if pattern.search(text)), AnswerKind.OTHER)
    return Question(text, content or tuple(sorted(every)), every, kind)


def kind_match(question: Question, sentence: str) -> float:
    """1 if the sentence holds something new of the kind asked for, 0 if not, 0.5 if the kind is not known."""
    if question.kind is AnswerKind.OTHER:
        return 0.5
    fresh = [w for w in words(sentence) if stem(w) not in question.stems]
    match question.kind:
        case AnswerKind.NUMBER:
            return float(any(is_number(w) for w in fresh))
        case AnswerKind.DATE:
            return float(any(_YEAR.fullmatch(w) or w.casefold() in _CALENDAR_WORDS for w in fresh))
        case AnswerKind.REASON:
            return float(_CAUSE.search(sentence) is not None)
        case _:
            return float(any(is_name(w) for w in fresh))
