"""What the files beside a model say that texts are to begin with."""

from __future__ import annotations

import json

import pytest

from janus_lab.adapters.backend.model_folder import read_prefixes

E5 = {"query": "query: ", "passage": "passage: "}


@pytest.mark.parametrize(
    ("told", "prefixes"),
    [
        ({"prompts": E5}, ("query: ", "passage: ")),
        ({"prompts": {"query": "q ", "document": "d ", "passage": "p "}}, ("q ", "d ")),
        (
            {"prompts": {"query": "Represent this: ", "document": ""}, "default_prompt_name": "query"},
            ("Represent this: ", ""),
        ),
        ({"prompts": {"all": "text: "}, "default_prompt_name": "all"}, ("text: ", "text: ")),
        ({"prompts": {"classification": "c "}, "default_prompt_name": None}, ("", "")),
        ({"prompts": {"query": 7, "document": "x" * 5000}}, ("", "")),
        ({"prompts": "query: "}, ("", "")),
        ([], ("", "")),
    ],
)
def test_prompts_are_read_as_sentence_transformers_reads_them(tmp_path, told, prefixes):
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(told))
    assert read_prefixes(tmp_path / "model.safetensors") == prefixes
    assert read_prefixes(tmp_path / "onnx" / "model.onnx") == prefixes


def test_without_files_nothing_is_said(tmp_path):
    assert read_prefixes(tmp_path / "a" / "b" / "model.onnx") == ("", "")
