"""Tokens counted for programs are those of their own texts."""

from __future__ import annotations

from types import SimpleNamespace

from janus_lab.inference.count_run import CountService
from janus_lab.inference.embedding import Embedder
from janus_lab.inference.recent_embeddings import RecentEmbeddings
from janus_lab.values import codec
from janus_lab.values.counting import Counted, CountRequest
from janus_lab.values.generation import ModelInfo
from janus_lab.values.model import ModelTask


class Letters:
    """Has a token a letter, and wants a prefix."""

    info = ModelInfo("test://letters", "letters", "0" * 64, "MIT", context_tokens=9, passage_prefix="passage: ")

    def count_tokens(self, texts):
        return [len(text) for text in texts]


def test_what_the_lab_writes_before_its_own_texts_is_not_counted():
    service = CountService(None, lambda _name: Embedder(Letters(), RecentEmbeddings(1)))
    asked = CountRequest(texts=("abc", ""), task=ModelTask.EMBEDDING)
    counted = service.execute(SimpleNamespace(run=SimpleNamespace(request=codec.to_json(asked))))
    assert codec.from_json(Counted, counted) == Counted("letters", (3, 0), 9)
