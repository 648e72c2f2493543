"""Lists of queries in, rankings out."""

import json

import pytest

from janus_lab.errors import NotFound, UserError
from janus_lab.values.chunk import Chunk
from janus_lab.values.hit import Hit, SearchResult
from janus_lab.verbs.lists_of_queries import Query, read_queries, trec_lines


def hit(rank, origin, key=None, score=1.0):
    chunk = Chunk(f"c{rank}", "d", "v", rank, 0, 1, None, "", "x")
    return Hit(chunk, score, rank, (), "", origin, key)


def test_common_forms_of_query_lists_are_read(tmp_path):
    file = tmp_path / "q.jsonl"
    rows = [
        {"id": 7, "question": "a?"},
        {"_id": "q2", "text": "b"},
        {"qid": "3", "query": "c", "text": "other"},
        {"query": "d"},
    ]
    file.write_text("\ufeff" + "\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert read_queries(str(file)) == [Query("7", "a?"), Query("q2", "b"), Query("3", "c"), Query("7", "d")]


@pytest.mark.parametrize("line", ["not json", "[1]", "{}", '{"query": " "}', '{"query": 3}'])
def test_a_bad_line_is_named(tmp_path, line):
    file = tmp_path / "q.jsonl"
    file.write_text('{"query": "fine"}\n' + line, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_queries(str(file))
    assert "line 2" in caught.value.message


def test_a_missing_and_an_empty_list_are_told_apart(tmp_path):
    with pytest.raises(NotFound):
        read_queries(str(tmp_path / "none"))
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(UserError):
        read_queries(str(tmp_path / "empty"))


def test_a_ranking_has_one_line_a_document_by_its_best_chunk():
    hits = (
        hit(1, "a b.pdf", score=0.9),
        hit(2, "a b.pdf", score=0.8),
        hit(3, "c.jsonl#x", "x y"),
        hit(4, "d"),
        hit(5, "e"),
    )
    lines = trec_lines("q 1", SearchResult("?", hits, "run", {}), 3)
    assert lines == [
        "q%201 Q0 a%20b.pdf 1 0.900000 janus",
        "q%201 Q0 x%20y 2 1.000000 janus",
        "q%201 Q0 d 3 1.000000 janus",
    ]
    assert all(len(line.split()) == 6 for line in lines)


def test_a_line_ends_where_json_lines_end_and_nowhere_else(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text(
        '{"question": "one\u2028still one\x85 so"}\r\n{"question": "two"}\r\n', encoding="utf-8", newline=""
    )
    assert [query.text for query in read_queries(str(file))] == ["one\u2028still one\x85 so", "two"]
