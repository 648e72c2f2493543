"""Texts to be embedded, and their embeddings as a run's result keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from janus_lab.errors import EngineError


class TextUse(StrEnum):
    """What a text is embedded for: as it stands, or as a query or as a text that is searched, which some models read with a prefix."""

    PLAIN = "plain"
    QUERY = "query"
    PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """Texts for the engine room's embedding model: the one called `model`, or the one in use."""

    texts: tuple[str, ...]
    model: str = ""
    use: TextUse = TextUse.PLAIN


@dataclass(frozen=True, slots=True)
class Embedded:
    """`count` embeddings of `dimensions` numbers each: little-endian float32, one after another, in base64.

    `tokens` is how many the texts have for the model, uncut.
    """

    model: str
    count: int
    dimensions: int
    data: str
    tokens: int = 0


def of_one_model(parts: Sequence[Embedded]) -> Sequence[Embedded]:
    """The parts of one list of texts, if one model embedded them all; raises EngineError if another one was chosen meanwhile."""
    if len({(part.model, part.dimensions) for part in parts}) > 1:
        raise EngineError("another embedding model was chosen while texts were embedded", remedy="embed them again")
    return parts
