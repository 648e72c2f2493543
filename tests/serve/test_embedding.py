from __future__ import annotations

import base64

import numpy as np
import pytest

from janus_lab.errors import EngineError
from janus_lab.serve.embedding import embeddings
from janus_lab.values.embedding import Embedded


def part(model, dimensions=2):
    data = base64.b64encode(np.ones(dimensions, "<f4").tobytes()).decode("ascii")
    return Embedded(model, 1, dimensions, data, tokens=3)


def test_parts_of_one_list_are_put_together():
    told = embeddings([part("m"), part("m")], "float", None)
    assert [each["index"] for each in told["data"]] == [0, 1]
    assert (told["model"], told["usage"]["prompt_tokens"]) == ("m", 6)


@pytest.mark.parametrize("other", [part("other"), part("m", 3)])
def test_embeddings_of_two_models_are_never_told_as_those_of_one(other):
    with pytest.raises(EngineError, match="another embedding model"):
        embeddings([part("m"), other], "float", None)
