"""GGUF headers: as the gguf package reads them, and never more than an error for what a stranger wrote."""

from __future__ import annotations

import struct
import time

import gguf
import pytest
from gguf import GGUFReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_models import SMALL, made_model

from janus_lab.adapters.backend.gguf_header import read_header
from janus_lab.adapters.backend.gguf_shape import read_shape
from janus_lab.errors import CorruptFile, NotFound


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return made_model(tmp_path_factory.mktemp("gguf") / "small.gguf", "gemma3")


@pytest.mark.parametrize("name", SMALL)
def test_it_is_what_the_gguf_package_reads(tmp_path, name):
    path = made_model(tmp_path / "model.gguf", name)
    header, reference = read_header(path), GGUFReader(path)
    assert {t.name: t.size for t in header.tensors} == {t.name: int(t.n_bytes) for t in reference.tensors}
    assert {t.name: t.format for t in header.tensors} == {t.name: t.tensor_type.name for t in reference.tensors}
    for key, value in header.metadata.items():
        if not key.startswith("tokenizer.ggml.tokens"):
            expected = reference.fields[key].contents()
            assert (list(value) if isinstance(value, tuple) else value) == expected
    assert header.lengths["tokenizer.ggml.tokens"] == len(reference.fields["tokenizer.ggml.tokens"].data)


def test_a_large_vocabulary_is_only_counted(tmp_path):
    writer = gguf.GGUFWriter(tmp_path / "many.gguf", "llama")
    writer.add_block_count(0)
    writer.add_array("tokenizer.ggml.tokens", [f"token {n}" for n in range(60_000)])
    writer.add_array("tokenizer.ggml.scores", [1.0] * 60_000)
    writer.add_string("tokenizer.chat_template", "x" * 3_000_000)
    writer.add_string("after", "ä")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    started = time.process_time()
    header = read_header(tmp_path / "many.gguf")
    assert time.process_time() - started < 0.5
    assert header.lengths == {"tokenizer.ggml.tokens": 60_000, "tokenizer.ggml.scores": 60_000}
    assert header.metadata["after"] == "ä"
    assert "tokenizer.chat_template" not in header.metadata


def test_what_is_cut_off_is_refused_wherever_it_ends(small, tmp_path):
    whole = small.read_bytes()
    cut = tmp_path / "cut.gguf"
    for length in [*range(0, 200, 7), 5000, len(whole) // 2, len(whole) - 1]:
        cut.write_bytes(whole[:length])
        with pytest.raises(CorruptFile, match=r"cut\.gguf"):
            read_header(cut)


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"PK\x03\x04" * 100,
        b"GGUF" + struct.pack(">I", 3) + bytes(100),
        b"GGUF" + struct.pack("<IQQ", 3, 2**63, 1),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2**40),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 8, 2**29) + bytes(100),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 9, 3) + bytes(100),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<I", 77) + bytes(100),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"t" + struct.pack("<I", 2**31) + bytes(100),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"t" + struct.pack("<IQIQ", 1, 2**60, 0, 0),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"t" + struct.pack("<IQIQ", 1, 8, 9999, 0),
    ],
)
def test_lies_are_refused_at_once(tmp_path, begin):
    path = tmp_path / "lie.gguf"
    path.write_bytes(begin)
    started = time.process_time()
    with pytest.raises(CorruptFile):
        read_header(path)
    assert time.process_time() - started < 0.5


def test_a_file_that_is_not_there_is_told_with_its_place(tmp_path):
    with pytest.raises(NotFound, match=r"nowhere\.gguf"):
        read_header(tmp_path / "nowhere.gguf")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_damage_is_either_read_or_refused(small, tmp_path, changes):
    data = bytearray(small.read_bytes())
    for place, byte in changes:
        data[place] = byte
    path = tmp_path / "damaged.gguf"
    path.write_bytes(data)
    try:
        shape = read_shape([path])
    except CorruptFile:
        return
    assert len(shape.layer_bytes) == len(shape.key_widths) == len(shape.windows)
