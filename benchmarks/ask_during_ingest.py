"""Ask while a big ingest saturates the machine: is a person answered at once, and does the ingest end as if nobody asked.

    python benchmarks/ask_during_ingest.py [--files 240] [--asks 12] [--pause 4]

An engine room with its own server; the language model is resident. A person asks now and then while files are ingested, and
the same files are ingested into another data directory undisturbed. Told are the time from the call to the first token beside
that on an idle machine, how long the ingest's leases waited and how often it gave way, how long both ingests took, and
whether both data directories hold the same in the end.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from made_files import make_files

from janus_lab import Lab, open_lab
from janus_lab.values.event import Event, EventKind

TARGET_SECONDS = 3.0
QUESTIONS = 5
"""So many different ones, so that no prompt is read again from the model's memory."""
SAMPLES = Path(__file__).parents[1] / "samples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=240)
    parser.add_argument("--asks", type=int, default=12)
    parser.add_argument("--pause", type=float, default=4.0, help="seconds between an answer and the next question")
    options = parser.parse_args()
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        top = Path(temporary)
        make_files(top / "files", options.files)
        alone = undisturbed(top / "alone", top / "files")
        asked = disturbed(top / "asked", top / "files", options.asks, options.pause)
    report(alone, asked)


def undisturbed(home: Path, files: Path) -> dict[str, Any]:
    """The ingest alone, and asks on an idle machine."""
    with open_lab(home) as lab:
        try:
            questions = prepared(lab)
            began = time.perf_counter()
            run_id = lab.ingest(files, collection="big").run_id
            seconds = time.perf_counter() - began
            firsts = [first_token(lab, question) for question in questions]
            return {"state": state(lab), "seconds": seconds, "leases": leases(lab, run_id), "firsts": firsts}
        finally:
            lab.down()


def disturbed(home: Path, files: Path, asks: int, pause: float) -> dict[str, Any]:
    """The ingest while a person asks."""
    with open_lab(home) as lab:
        try:
            questions = prepared(lab)
            run = lab.start_ingest(files, collection="big")
            began = time.perf_counter()
            ended: list[float] = []
            waiter = threading.Thread(target=lambda: (run.wait_json(), ended.append(time.perf_counter())))
            waiter.start()
            firsts = []
            time.sleep(1.0)
            for question in itertools.islice(itertools.cycle(questions), asks):
                if not waiter.is_alive():
                    break
                firsts.append(first_token(lab, question))
                time.sleep(pause)
            waiter.join()
            return {"state": state(lab), "seconds": ended[0] - began, "leases": leases(lab, run.id), "firsts": firsts}
        finally:
            lab.down()


def prepared(lab: Lab) -> list[str]:
    """Both models resident; questions that reach the language model."""
    lab.ingest(SAMPLES / "corpus")
    with (SAMPLES / "questions.jsonl").open(encoding="utf-8") as file:
        asked = [item["question"] for item in map(json.loads, file) if item["answerable"]]
    return [question for question in asked[:16] if first_token(lab, question) is not None][:QUESTIONS]


def first_token(lab: Lab, question: str) -> float | None:
    """Seconds from the call to the first token; None where the model was not asked."""
    times: list[float] = []
    began = time.perf_counter()

    def note(event: Event) -> None:
        if event.kind is EventKind.TOKEN and not times:
            times.append(time.perf_counter() - began)

    lab.ask(question, on_event=note)
    return times[0] if times else None


def state(lab: Lab) -> list[tuple[str, str, str, int]]:
    """What the collection holds, in terms that do not depend on when it was ingested."""
    documents = lab.documents(collection="big", limit=1_000_000)
    agreement = lab.check()
    found = sorted((d.origin, d.id, d.version_id, d.chunks) for d in documents)
    return [*found, ("agreement", str(sorted((k, v) for k, v in agreement.items() if k != "documents")), "", 0)]


def leases(lab: Lab, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = dict(lab.run(run_id).manifest.get("leases", {}))
    return found


def report(alone: dict[str, Any], asked: dict[str, Any]) -> None:
    idle = [first for first in alone["firsts"] if first is not None]
    busy = sorted(first for first in asked["firsts"] if first is not None)
    if not busy:
        raise SystemExit("the ingest was over before anybody asked: use --files with a larger number")
    p95 = busy[min(len(busy) - 1, round(0.95 * (len(busy) - 1)))]
    told = asked["leases"]
    print(f"first token, idle machine: {statistics.median(idle):.2f} s; during the ingest ({len(busy)} asks):")
    print(
        f"  median {statistics.median(busy):.2f} s, p95 {p95:.2f} s, worst {busy[-1]:.2f} s (target p95 < {TARGET_SECONDS} s)"
    )
    print(
        f"  ratio of medians {statistics.median(busy) / statistics.median(idle):.2f}: {'met' if p95 < TARGET_SECONDS else 'MISSED'}"
    )
    print(
        f"ingest: {told.get('count')} leases, gave way {told.get('yielded')} times, waited {told.get('waited_seconds')} s;"
        f" {asked['seconds']:.1f} s, alone {alone['seconds']:.1f} s"
    )
    print(f"final state as undisturbed: {'yes' if alone['state'] == asked['state'] else 'NO'}")


if __name__ == "__main__":
    main()
