"""A document's words as a tsvector, which has bounds that documents have not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from janus_lab.adapters.documents.lexemes import Lexeme

# A tsvector's words and places take less than a megabyte together; places end at 16,383.
_MOST_BYTES = 1_000_000
_LAST_PLACE = 16_383
# Places matter to rank only, where the tenth says nothing more: a short vector is read and written faster.
_PLACES = 8
_TITLE, _TEXT = "A", "D"


@dataclass(frozen=True, slots=True)
class WordVector:
    """`words` is a tsvector as PostgreSQL reads it; `more` are all lexemes of a document that has too many for one."""

    words: str
    more: tuple[str, ...] | None


def word_vector(found: Sequence[Lexeme]) -> WordVector:
    """The lexemes with places and weights, title before text. Where they are too many, those that fit, most frequent first."""
    shift = 1 + max((place + 1 for _, in_title, place in found if in_title), default=0)
    places: defaultdict[str, list[str]] = defaultdict(list)
    # The title's come first, so that a bound on places never drops them.
    for in_title, first, weight in ((True, 1, _TITLE), (False, shift, _TEXT)):
        for stem, is_titles, place in found:
            if is_titles is not in_title:
                continue
            where = places[stem]
            if len(where) < _PLACES:
                number = place + first
                where.append(f"{min(_LAST_PLACE, number)}{weight}")
    if sum(map(_bytes, places, places.values())) <= _MOST_BYTES:
        return WordVector(_written(places), None)
    counts = Counter(stem for stem, _, _ in found)
    return WordVector(_written(_fitting(places, counts)), tuple(places))


def all_of(stems: Sequence[str]) -> str:
    """A tsquery for all of these lexemes."""
    return " & ".join(f"'{stem}'" for stem in stems)


def _fitting(places: Mapping[str, list[str]], counts: Mapping[str, int]) -> dict[str, list[str]]:
    left, kept = _MOST_BYTES, {}
    for stem in sorted(places, key=lambda stem: (not places[stem][0].endswith(_TITLE), -counts[stem], stem)):
        left -= _bytes(stem, places[stem][:1])
        if left < 0:
            break
        kept[stem] = places[stem][:1]
    return kept


def _bytes(stem: str, places: list[str]) -> int:
    return len(stem.encode()) + 4 + 2 * len(places)


def _written(places: dict[str, list[str]]) -> str:
    # Lexemes are letters, digits and the mark of a cut: nothing that would need quoting within the quotes.
    return " ".join(f"'{stem}':{','.join(where)}" for stem, where in places.items())
