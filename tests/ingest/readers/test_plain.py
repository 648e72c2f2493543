from __future__ import annotations

import json
import random

import nbformat
import pytest

from janus_lab.errors import CorruptFile, EmptyFile, FileTooLarge, NoText, UnsupportedFormat


def test_markdown_sections_and_front_matter(read) -> None:
    document = read.one(
        "x.md",
        "---\ntitle: The *title*\ntags: [a, b]\nyear: 2024\ndraft: false\nauthors:\n  - Ada\n  - Bob\n---\n# One #\n\ntext\n\n"
        "```python\n# no heading\n```\n\nTwo\n---\n\n~~~\n## neither\n```\n~~~\n### [Three](http://x)\n",
    )
    assert document.text.startswith("# One #\n\ntext")
    assert document.title == "The *title*"
    assert document.metadata == {
        "title": "The *title*", "tags": ["a", "b"], "year": 2024, "draft": False, "authors": ["Ada", "Bob"],
    }  # fmt: skip
    assert [(s.level, s.title) for s in document.sections] == [(1, "One"), (2, "Two"), (3, "Three")]
    assert document.text[document.sections[1].start :].startswith("Two\n---")
    assert document.sections[0].end == len(document.text)


def test_a_rule_is_no_front_matter(read) -> None:
    document = read.one("x.md", "---\n\nWords here\n\n---\nmore")
    assert document.metadata == {}
    assert "Words here" in document.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_text_in_any_character_set(read, encoding) -> None:
    words = "Die Übung fällt aus, weil niemand käme. Très élégant, déjà vu à l'été. " * 5
    assert read.one("x.txt", words.encode(encoding)).text == words.strip()


def test_other_alphabets_are_detected(read) -> None:
    for encoding, words in {
        "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy. ",
        "koi8-r": "Съешь ещё этих мягких булок. ",
    }.items():
        assert read.one("x.txt", (words * 10).encode(encoding)).text == (words * 10).strip()


def test_text_titles(read) -> None:
    assert read.one("a.txt", "A title\n\nBody text.").title == "A title"
    assert read.one("note.txt", "Body text that begins\nat once.").title == "note"


def test_invisible_characters_go(read) -> None:
    assert (
        read.one("x.txt", "so\u00adft \u202eevil\u202c x\u200by\x7f\r\nnext\u2028e\u0301 \n\n\n\nend  ").text
        == "soft evil xy\nnext\né\n\nend"
    )


def test_code_has_its_language(read) -> None:
    document = read.one("x.py", "def f():\n    return 1\n")
    assert (document.metadata, document.title, document.text) == (
        {"language": "python"},
        "x.py",
        "def f():\n    return 1",
    )


def test_binary_is_refused(read) -> None:
    noise = random.Random(3).randbytes(5000)
    with pytest.raises(UnsupportedFormat):
        read("x.bin", noise)
    for name in ("x.txt", "x.pdf", "x.html", "x.md", "x.docx"):
        with pytest.raises(CorruptFile):
            read(name, noise)


def test_empty_blank_and_large_files(read) -> None:
    for name in ("a.txt", "a.pdf", "a.docx", "a.jsonl"):
        with pytest.raises(EmptyFile):
            read(name, b"")
    with pytest.raises(NoText):
        read("b.txt", "  \n\n ")
    with pytest.raises(FileTooLarge, match="allowed"):
        read("c.txt", "x" * 100, file_bytes=50)
    with pytest.raises(FileTooLarge, match="characters"):
        read("d.txt", "x" * 100, text_characters=50)


def test_wrong_extensions_are_read_by_content(read) -> None:
    assert read.one("x.pdf", "<!DOCTYPE html><p>Hello</p>").text == "Hello"
    assert read.reader == "html"
    assert read.one("x.docx", "plain words").text == "plain words"
    assert read.one("x.unknown", "plain words").text == "plain words"
    assert read.one("README", "plain words").text == "plain words"


def test_json_is_text(read) -> None:
    assert '"name": "Ada"' in read.one("x.json", '{"name":"Ada","list":[1,2]}').text
    deep = "[" * 100_000
    assert read.one("y.json", deep).text == deep
    assert "no valid JSON" in read.warnings[0]


def test_jsonl(read) -> None:
    lines = [
        {"id": 7, "title": "T", "text": "words", "year": 2020, "who": {"name": "Ada"}},
        {"_id": "b", "contents": "more words"},
        {"text": "without an id"},
        {"id": 7, "text": "the same id"},
    ]
    data = "\n".join([json.dumps(lines[0]), "{broken", "[1]", '{"id": 1}', "", *map(json.dumps, lines[1:])])
    documents = read("c.jsonl", data)
    assert [d.key for d in documents][:2] == ["7", "b"]
    assert documents[3].key == "7~2"
    assert documents[0].title == "T"
    assert documents[0].metadata == {"year": 2020, "who": {"name": "Ada"}}
    assert [warning.partition(":")[0] for warning in read.warnings] == ["line 2", "line 3", "line 4", "line 8"]


def test_jsonl_keys_do_not_depend_on_place(read) -> None:
    one, two = json.dumps({"text": "first"}), json.dumps({"text": "second"})
    assert read("a.jsonl", f"{one}\n{two}")[1].key == read("b.jsonl", two)[0].key


def test_jsonl_long_lines_and_lone_surrogates(read) -> None:
    data = json.dumps({"id": 1, "text": "x" * 5000}) + "\n" + '{"id": 2, "text": "a\\ud800b"}\n'
    (document,) = read("x.jsonl", data, line_bytes=1000)
    assert document.text == "a\ufffdb"
    assert "longer than" in read.warnings[0]
    with pytest.raises(NoText):
        read("y.jsonl", "nothing\nuseful")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_tables(read, delimiter) -> None:
    rows = [["name", "city, country", "age"], ["Ada", "London", "36"], ["Bob", 'a "b"', ""], ["", "", ""]]
    quoted = ['"' + '","'.join(cell.replace('"', '""') for cell in row) + '"' for row in rows]
    document = read.one("x.csv", "\r\n".join(row.replace('","', f'"{delimiter}"') for row in quoted))
    assert document.text == 'name: Ada; city, country: London; age: 36\nname: Bob; city, country: a "b"'
    assert document.metadata == {"columns": ["name", "city, country", "age"], "rows": 2}


def test_a_table_without_header(read) -> None:
    assert read.one("x.csv", "1,2\n3,4").text == "column 1: 1; column 2: 2\ncolumn 1: 3; column 2: 4"


def test_a_huge_cell_is_one_clear_error(read) -> None:
    with pytest.raises(CorruptFile, match="line 3"):
        read("x.csv", "a,b\n1,2\n" + "x" * 200_000 + ",2\n")
    with pytest.raises(FileTooLarge, match="columns"):
        read("y.csv", "a,b\n" + "1," * 5000)


def test_notebooks(read) -> None:
    made = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Drift\n\nWords.\n\n## Part"),
            nbformat.v4.new_code_cell(
                "print(1)",
                outputs=[
                    nbformat.v4.new_output("stream", text="\x1b[31mone\x1b[0m\n"),
                    nbformat.v4.new_output("execute_result", {"text/plain": "22", "text/html": "<script>"}),
                    nbformat.v4.new_output("error", ename="ValueError", evalue="bad", traceback=["x"]),
                ],
            ),
        ],
        metadata={"language_info": {"name": "python"}},
    )
    document = read.one("x.ipynb", nbformat.writes(made))
    assert document.title == "Drift"
    assert document.text == "# Drift\n\nWords.\n\n## Part\n\nprint(1)\none\n22\nValueError: bad"
    assert [(s.level, s.title) for s in document.sections] == [(1, "Drift"), (2, "Part"), (7, "Cell 2")]
    for broken in ("{", "[]", "{}", '{"nbformat": "x"}'):
        with pytest.raises(CorruptFile):
            read("y.ipynb", broken)


def test_old_notebooks(read) -> None:
    cell = {
        "cell_type": "code",
        "input": "x = 1",
        "outputs": [],
        "language": "python",
        "collapsed": False,
        "metadata": {},
    }
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [{"cells": [cell], "metadata": {}}],
    }
    assert read.one("x.ipynb", json.dumps(old)).text == "x = 1"
