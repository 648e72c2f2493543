"""The sample corpus says what its questions claim, and the generator makes the committed files."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from docx import Document
from pptx import Presentation

SAMPLES = Path(__file__).parents[2] / "samples"
CORPUS = SAMPLES / "corpus"
QUESTIONS = [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
GENERATED = (
    "annual-report-2024.pdf",
    "crew-meeting.docx",
    "founders-letter.txt",
    "gravimeter-drift.ipynb",
    "lidar-failure.docx",
    "lidar-manual.pdf",
    "solar-plan.pptx",
)


def text_of(path: Path) -> str:
    """The words of a sample, read with its format's own library, white space collapsed."""
    match path.suffix:
        case ".pdf":
            document = pypdfium2.PdfDocument(path)
            text = " ".join(page.get_textpage().get_text_bounded() for page in document)
            document.close()
        case ".docx":
            word = Document(str(path))
            cells = (cell.text for table in word.tables for row in table.rows for cell in row.cells)
            text = " ".join([*(paragraph.text for paragraph in word.paragraphs), *cells])
        case ".pptx":
            frames = (
                shape for slide in Presentation(str(path)).slides for shape in slide.shapes if shape.has_text_frame
            )
            text = " ".join(shape.text_frame.text for shape in frames)
        case ".eml":
            text = path.read_text(encoding="utf-8").replace("=\n", "")
        case _ if path.name == "founders-letter.txt":
            text = path.read_text(encoding="cp1252")
        case _:
            text = path.read_text(encoding="utf-8")
    return " ".join(text.split())


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with freshly generated samples."""
    spec = importlib.util.spec_from_file_location("make_samples", SAMPLES / "make_samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["make_samples"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("samples")
    written = module.write_samples(folder)
    assert sorted(path.name for path in written) == sorted(GENERATED)
    return folder


@pytest.mark.parametrize("name", GENERATED)
def test_the_generator_makes_the_committed_text(regenerated: Path, name: str) -> None:
    assert text_of(regenerated / name) == text_of(CORPUS / name)


@pytest.mark.parametrize("name", ["crew-meeting.docx", "solar-plan.pptx"])
def test_generated_archives_hold_no_clock(regenerated: Path, name: str) -> None:
    with zipfile.ZipFile(regenerated / name) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {2025}


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q["answerable"]], ids=lambda q: q["id"])
def test_every_answer_stands_in_its_document(question: dict[str, object]) -> None:
    for name in question["gold"]:
        found = [path for path in CORPUS.rglob(name) if path.is_file()]
        assert len(found) == 1
        assert any(answer in text_of(found[0]) for answer in question["answers"])


def test_questions_are_well_formed() -> None:
    assert len({q["id"] for q in QUESTIONS}) == len(QUESTIONS)
    assert sum(q["answerable"] for q in QUESTIONS) >= 15
    absent = [q for q in QUESTIONS if not q["answerable"]]
    assert len(absent) >= 3
    assert all(not q["answers"] and not q["gold"] for q in absent)


def test_the_corpus_has_every_format_and_a_hostile_page() -> None:
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert 15 <= len(files) <= 25
    suffixes = {path.suffix for path in files}
    assert suffixes >= {
        ".pdf",
        ".docx",
        ".pptx",
        ".html",
        ".ipynb",
        ".csv",
        ".tsv",
        ".jsonl",
        ".eml",
        ".md",
        ".txt",
        ".py",
        ".c",
    }
    hostile = (CORPUS / "visitors.html").read_text(encoding="utf-8")
    for trap in ("<script>", "onerror=", "javascript:", "https://tracker.example/pixel.png", "hidden"):
        assert trap in hostile
    with pytest.raises(UnicodeDecodeError):
        (CORPUS / "founders-letter.txt").read_text(encoding="utf-8")


def test_the_report_has_two_pages() -> None:
    document = pypdfium2.PdfDocument(CORPUS / "annual-report-2024.pdf")
    assert len(document) == 2
    document.close()
