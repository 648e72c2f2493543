"""Whole lists of queries, on a lab in this process."""

from __future__ import annotations

from contextlib import closing

from janus_lab.verbs.face import Face
from janus_lab.verbs.search import VERB
from janus_lab.verbs.session import Session
from janus_lab.verbs.terminal import TerminalFace


def test_a_document_of_many_chunks_does_not_crowd_others_out_of_a_ranking(tmp_path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    long = (f"Copper pump number {n} stands in hall {n} and pumps water for the copper works. " * 8 for n in range(60))
    (notes / "long.txt").write_text("\n\n".join(long))
    for name in ("apple", "birch", "cloud"):
        (notes / f"{name}.txt").write_text(f"A note on one {name}, with a copper coin.")
    queries, run = tmp_path / "queries.jsonl", tmp_path / "out.trec"
    queries.write_text('{"id": "1", "query": "copper pump number in the hall"}\n{"id": "2", "query": "apple coin"}\n')
    face: Face = TerminalFace()
    with closing(Session(announce=print, home=tmp_path / "home", inline=True)) as session:
        session.lab().ingest(notes)
        args = VERB.parse(VERB.parser("janus"), ["--queries", str(queries), "--run", str(run), "-k", "4"])
        args.text = ""
        VERB.execute(args, session, face)
    lines = [line.split() for line in run.read_text().splitlines()]
    assert [line[0] for line in lines] == ["1"] * 4 + ["2"] * 4
    assert {line[2].rpartition("/")[2] for line in lines[:4]} == {"long.txt", "apple.txt", "birch.txt", "cloud.txt"}
    assert [line[3] for line in lines] == ["1", "2", "3", "4"] * 2
