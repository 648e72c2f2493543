"""What a model is ordered with."""

from __future__ import annotations

import json

import pytest
from embedding_orders import embedding_order


@pytest.mark.parametrize(
    ("options", "prefixes"),
    [
        ({}, ("query: ", "passage: ")),
        ({"query_prefix": "search_query: "}, ("search_query: ", "passage: ")),
        ({"query_prefix": "", "passage_prefix": ""}, ("", "")),
    ],
)
def test_prefixes_are_as_a_record_says_and_else_as_the_files_do(tmp_path, options, prefixes):
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    told = {"prompts": {"query": "query: ", "passage": "passage: "}}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(told))
    info = embedding_order(tmp_path / "cache", (tmp_path / "model.onnx").as_uri(), **options).info
    assert (info.query_prefix, info.passage_prefix) == prefixes
    assert len(info.content_hash) == 64


def test_a_server_is_known_to_want_what_its_record_says(tmp_path):
    info = embedding_order(tmp_path, "http://127.0.0.1:1/v1", query_prefix="query: ").info
    assert (info.query_prefix, info.passage_prefix) == ("query: ", "")
