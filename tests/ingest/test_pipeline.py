from __future__ import annotations

import json


def prose(words: int, salt: str = "") -> str:
    return " ".join(f"{salt}alpha{n % 7} beta{n}." if n % 9 == 0 else f"gamma{n * 7 % 13}" for n in range(words))


def test_a_folder_is_ingested_and_ingested_again_for_nothing(room, files) -> None:
    (files / "a.md").write_text(f"# Alpha\n\n{prose(200)}\n\n## Beta\n\n{prose(80)}")
    (files / "b.txt").write_text(prose(50, "x"))
    (files / "c.jsonl").write_text("\n".join(json.dumps({"id": n, "text": f"alpha {n}"}) for n in range(300)))
    (files / "empty.txt").touch()
    report = room.ingest(files)
    assert (report.added, report.failed, report.documents) == (3, 1, 302)
    assert report.chunks == report.embedded > 300
    state = room.check()
    assert {d.origin for d in state["documents"].values()} >= {"files/a.md", "files/c.jsonl#7"}
    done = len(room.backend.embedded)
    again = room.ingest(files)
    assert (again.added, again.unchanged, again.failed, again.chunks) == (0, 3, 1, 0)
    assert len(room.backend.embedded) == done
    assert room.check() == state
