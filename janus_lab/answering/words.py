"""The words that carry a text's meaning, cut so that their inflected forms are equal.

A stem is a word's first six letters: for European languages such truncation works nearly as well as a stemmer (McNamee and
Mayfield, "Character N-Gram Tokenization for European Language Text Retrieval", Information Retrieval 7, 2004) and needs no
language data. Numbers are kept whole, without their thousands separators.
"""

from __future__ import annotations

import re
import unicodedata

STEM_LETTERS = 6

_WORD = re.compile(
    r"\d+(?:[.,]\d+)*"
    r"|[\u3040-\u30ff\u3400-\u9fff]"  # Japanese and Chinese: every character is a word of its own
    r"|[^\W\d_]+(?:['’][^\W\d_]+)?\d*"
)
_POSSESSIVE = re.compile(r"['’]s?$")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def _listed(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


FUNCTION_WORDS = _listed(
    """
    a about after again all also am an and any are as at be been before being both but by can could d did do does doing
    done down during each few for from further had has have having he her here hers him his how i if in into is it its ll
    m may me might more most must my no nor not of off on once only or other our ours out over own re s same shall she
    should so some such t than that the their theirs them then there these they this those through to too under until up
    ve very was we were what when where which while who whom whose why will with would you your yours
    call called give given gave get got happen happened long many much name named often
    """
)
"""English words that say how a sentence is built, and those that questions are put with."""

NEGATIONS = _listed("no not never none nobody nothing neither nor without cannot")
NUMBER_WORDS = _listed(
    """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen half third
    quarter twice once first second none zero
    """
)


def words(text: str) -> list[str]:
    """The words and numbers of a text as written, in order."""
    return [m.group() for m in _WORD.finditer(text)]


def stem(word: str) -> str:
    """What is compared of a word: case, accents, possessives and most endings do not count."""
    if word[0].isdigit():
        return _THOUSANDS.sub("", word)
    folded = "".join(
        c for c in unicodedata.normalize("NFKD", _POSSESSIVE.sub("", word).casefold()) if not unicodedata.combining(c)
    )
    return folded[:STEM_LETTERS]


def stems(text: str) -> frozenset[str]:
    """The stems of all words of a text."""
    return frozenset(stem(w) for w in words(text))


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order, each as often as it comes."""
    return [stem(w) for w in words(text) if w.casefold() not in FUNCTION_WORDS]


def is_number(word: str) -> bool:
    """Whether a word holds a digit or is a number word."""
    return any(c.isdigit() for c in word) or word.casefold() in NUMBER_WORDS


def is_name(word: str) -> bool:
    """Whether a word is written like a name: with a capital letter and no function word."""
    return word[0].isupper() and word.casefold() not in FUNCTION_WORDS
