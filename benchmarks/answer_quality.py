"""How good are answers: each question asked of all documents, and again with the documents that answer it hidden.

    python benchmarks/answer_quality.py --data FOLDER/xquad-en [--no-model] [--sample N]

An answer is correct if it is no refusal and holds an accepted answer word for word (case, punctuation and articles aside).
With its documents hidden, refusing is right; but where another document holds an accepted answer and is quoted with it,
that is counted on its own. Long answers are no way to win: their mean length is printed too.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path
from statistics import mean, median

from tuning_sets import NO_MODEL, Query, holds_answer, ingested, read_queries, sets_in

from janus_lab import Lab
from janus_lab.values.answer import Answer, Outcome
from janus_lab.values.filter import Condition, Operator


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of one set")
    parser.add_argument("--no-model", action="store_true", help="extractive answers only")
    parser.add_argument("--sample", type=int, help="so many questions, chosen by a fixed seed")
    parser.add_argument("--home", type=Path, help="keep the ingested set here")
    arguments = parser.parse_args()
    queries = read_queries(arguments.data)
    if arguments.sample:
        queries = random.Random(0).sample(queries, min(arguments.sample, len(queries)))
    settings = {"generation_model": NO_MODEL} if arguments.no_model else {}
    with ingested(sets_in(arguments.data, []), arguments.home, **settings) as lab:
        keys = {d.key: d.id for d in lab.documents(limit=1_000_000)}
        for hidden in (False, True):
            started = time.perf_counter()
            answers = [ask(lab, q, [keys[g] for g in q.gold] if hidden else []) for q in queries]
            report(queries, answers, hidden=hidden, seconds=time.perf_counter() - started)


def ask(lab: Lab, query: Query, hidden: list[str]) -> Answer:
    """Ask with some documents hidden."""
    return lab.ask(query.question, where=[Condition("document_id", Operator.NOT_EQUALS, d) for d in hidden])


def report(queries: list[Query], answers: list[Answer], *, hidden: bool, seconds: float) -> None:
    """Print how one condition came out."""
    counts: Counter[str] = Counter(verdict(q, a) for q, a in zip(queries, answers, strict=True))
    total = len(answers)
    shares = "  ".join(f"{name} {counts[name] / total:.1%}" for name in ("correct", "wrong", "refused"))
    print(
        f"{'answer hidden' if hidden else 'answer present'}: {shares}   ({total} questions, {seconds / total:.2f} s each)"
    )
    outcomes = Counter(a.outcome.value for a in answers)
    given = [a for a in answers if a.outcome is not Outcome.REFUSED]
    if given:
        lengths = [len(a.text.split()) for a in given]
        cited = sum(len(a.citations) for a in given)
        print(f"   outcomes {dict(outcomes)}; {mean(lengths):.0f} words, {cited / len(given):.1f} citations an answer")
    leads = [(q, a) for q, a in zip(queries, answers, strict=True) if a.outcome is Outcome.GENERATED]
    if leads:
        right = sum(holds_answer(a.sentences[0].text, q.answers) for q, a in leads)
        print(f"   generated first sentences that hold the answer: {right} of {len(leads)}")
    stages = sorted({stage for a in answers for stage in a.timings})
    medians = {s: median(a.timings[s] for a in answers if s in a.timings) for s in stages}
    print("   median ms: " + "  ".join(f"{s} {1000 * v:.1f}" for s, v in medians.items()))


def verdict(query: Query, answer: Answer) -> str:
    """Correct, wrong or refused."""
    if answer.outcome is Outcome.REFUSED:
        return "refused"
    return "correct" if holds_answer(answer.text, query.answers) else "wrong"


if __name__ == "__main__":
    main()
