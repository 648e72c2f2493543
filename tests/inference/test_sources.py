from __future__ import annotations

import os

import pytest

from janus_lab.errors import MissingPackage, NotFound, UnknownScheme
from janus_lab.inference.sources import locate


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A distribution that is installed and holds two models; importing it would fail."""
    info = tmp_path / "toy_models-1.0.dist-info"
    info.mkdir()
    files = ["toy_models/a/model.bin", "toy_models/b/model.bin", "toy_models/only.bin", "toy_models/__init__.py"]
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("raise RuntimeError")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: toy-models\nVersion: 1.0\nLicense-Expression: MIT\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_file_in_a_package_is_found_without_importing_it(package):
    found = locate("package://toy-models/only.bin")
    assert found.path == package / "toy_models/only.bin"
    assert found.licence == "MIT"


def test_the_end_of_a_path_chooses_between_files(package):
    assert locate("package://toy-models/b/model.bin").path == package / "toy_models/b/model.bin"
    with pytest.raises(NotFound, match="2 files"):
        locate("package://toy-models/model.bin")
    with pytest.raises(NotFound, match="no file"):
        locate("package://toy-models/del.bin")


@pytest.mark.parametrize("uri", ["package://no-such-thing-installed/model.onnx", "package:///model.onnx"])
def test_a_package_that_is_missing_says_what_to_install(uri):
    with pytest.raises(MissingPackage) as caught:
        locate(uri)
    assert caught.value.remedy == "pip install 'janus-lab[starter]'"


def test_a_file_anywhere(tmp_path):
    file = tmp_path / "my model é.gguf"
    file.write_bytes(b"x")
    assert locate(file.as_uri()).path == file
    with pytest.raises(NotFound, match="No such file"):
        locate((tmp_path / "gone.gguf").as_uri())
    with pytest.raises(NotFound, match="directory"):
        locate(tmp_path.as_uri())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    file = tmp_path / "secret.gguf"
    file.write_bytes(b"x")
    file.chmod(0)
    with pytest.raises(NotFound, match="Permission"):
        locate(file.as_uri())


@pytest.mark.parametrize("uri", ["hf://org/repo/file.gguf", "model.gguf", "", "file://elsewhere/model.gguf"])
def test_other_sources_are_named_as_unknown(uri):
    with pytest.raises(UnknownScheme) as caught:
        locate(uri)
    assert "package://" in caught.value.remedy
