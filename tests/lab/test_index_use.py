"""Which collections an embedding model is needed for."""

import pytest

from janus_lab.errors import ModelInUse
from janus_lab.lab.index_use import indexed_by, require_unneeded
from janus_lab.values.index_generation import IndexGeneration, IndexModel
from janus_lab.values.model import ModelRecord, ModelTask

BGE = ModelRecord("bge", ModelTask.EMBEDDING, "file:///bge.gguf")
NOTED = IndexModel("bge", "file:///bge.gguf", "ab" * 32)
SERVING = [
    IndexGeneration("notes", 1, 4, True),
    IndexGeneration("papers", 2, 4, True, NOTED),
    IndexGeneration("towns", 1, 4, True, IndexModel("minilm", "package://minilm", "cd" * 32)),
]


def test_collections_are_named_by_what_was_noted():
    def known(name: str) -> bool:
        return name == "bge"

    other = ModelRecord("other", ModelTask.EMBEDDING, BGE.uri)
    assert indexed_by(BGE, SERVING, known) == ("papers",)
    assert indexed_by(other, SERVING, known) == ()
    assert indexed_by(other, SERVING, lambda _: False) == ("papers",)
    assert indexed_by(ModelRecord("bge", ModelTask.GENERATION, BGE.uri), SERVING, known) == ()


def test_a_model_is_needed_unless_another_one_stands_at_its_address():
    with pytest.raises(ModelInUse, match="papers") as caught:
        require_unneeded(BGE, [ModelRecord("minilm", ModelTask.EMBEDDING, "package://minilm")], SERVING)
    assert "janus reindex -c papers" in caught.value.remedy
    require_unneeded(BGE, [ModelRecord("same", ModelTask.EMBEDDING, BGE.uri)], SERVING)
    require_unneeded(ModelRecord("mine", ModelTask.EMBEDDING, "file:///mine.gguf"), [], SERVING)
