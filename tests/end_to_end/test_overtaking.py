"""A person who asks during an ingest goes first, and the ingest ends as if nobody had asked."""

from __future__ import annotations

import threading

from janus_lab.values.run import RunState
from tests.end_to_end.conftest import contents, write_reports

QUESTION = "What failed twice in the storms?"


def test_an_ingest_gives_way_to_a_person_and_ends_as_it_would_have(tmp_path, new_lab):
    held = []
    for name in ("alone", "asked"):
        project = tmp_path / name
        (project / ".janus").mkdir(parents=True)
        lab = new_lab(project / ".janus")
        (project / "pump.txt").write_text("The old pump failed twice in the storms of 1987.", encoding="utf-8")
        lab.ingest(project / "pump.txt")
        lab.ask(QUESTION)
        run = lab.start_ingest(write_reports(project / "reports", 50))
        waiter = threading.Thread(target=run.wait_json)
        waiter.start()
        waits = []
        while name == "asked" and waiter.is_alive():
            answer = lab.ask(QUESTION)
            if not run.run().state.final:
                waits.append(lab.run(answer.run_id).manifest["leases"]["waited_seconds"])
        waiter.join()
        assert run.run().state is RunState.DONE
        held.append(contents(lab))
        leases = run.run().manifest["leases"]
    assert held[0] == held[1]
    assert len(held[0]) == 51
    assert leases["yielded"] >= 1
    assert leases["lost"] == 0
    # Nobody waited until the ingest was over, nor for a turn of it.
    assert waits, "nobody was answered before the ingest was over"
    assert max(waits) < leases["held_seconds"]
