"""`ask`: a question, answered from the documents with checked citations; or a whole file of questions."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass

from janus_lab.errors import UsageError
from janus_lab.values.answer import Outcome
from janus_lab.values.counted import count
from janus_lab.verbs.face import Face
from janus_lab.verbs.options import MODEL, add_collection, add_json, add_limit, add_where
from janus_lab.verbs.parser import VerbParser
from janus_lab.verbs.session import Session
from janus_lab.verbs.verb import Verb


@dataclass(frozen=True, slots=True)
class AnsweredQuestions:
    """What became of a file of questions; `outcomes` counts answers by how they came about."""

    questions: int
    outcomes: dict[str, int]
    file: str


def define(parser: VerbParser) -> None:
    """Options of `ask`."""
    add_collection(parser)
    add_limit(parser, 8, "how many hits may serve as evidence")
    add_where(parser)
    parser.add_argument("--model", metavar=MODEL, default="", help="only this model may write (see `models`)")
    parser.add_argument("-q", "--quiet", action="store_true", help="show nothing before the answer stands")
    parser.add_argument(
        "--questions", metavar="FILE", help='answer every question of a JSONL file ({"id", "question"})'
    )
    parser.add_argument("--out", metavar="FILE", help="with --questions: write one JSON answer a line here")
    add_json(parser)


def execute(args: Namespace, session: Session, face: Face) -> object:
    """The Answer; with --questions, AnsweredQuestions."""
    if args.questions:
        return _answer_file(args, session, face)
    if args.out:
        raise UsageError(
            "--out goes with --questions", remedy="give --questions FILE too, or use --json for one answer"
        )
    if not args.text.strip():
        raise UsageError("there is no question", remedy='put one after the options: ask "What was measured?"')
    return session.lab().ask(
        args.text,
        collection=args.collection,
        limit=args.limit,
        where=args.where,
        model=args.model,
        on_event=None if args.quiet or args.json else face.follow,
    )


def _answer_file(args: Namespace, session: Session, face: Face) -> AnsweredQuestions:
    import json

    from janus_lab.values.codec import to_json
    from janus_lab.verbs.lists_of_queries import open_output, read_queries

    if not args.out:
        raise UsageError("--questions needs a place for the answers", remedy="add --out ANSWERS.jsonl")
    if args.text.strip():
        raise UsageError("a question and --questions exclude each other", remedy="leave one of them out")
    questions = read_queries(args.questions)
    counts: dict[str, int] = {}
    with open_output(args.out) as file:
        for done, question in enumerate(questions, start=1):
            answer = session.lab().ask(
                question.text, collection=args.collection, limit=args.limit, where=args.where, model=args.model
            )
            if answer.outcome is Outcome.CANCELLED:
                raise KeyboardInterrupt
            file.write(json.dumps({"id": question.id, **to_json(answer)}, ensure_ascii=False) + "\n")
            file.flush()
            counts[answer.outcome.value] = counts.get(answer.outcome.value, 0) + 1
            if not args.quiet and (done % 10 == 0 or done == len(questions)):
                face.say(f"{done} of {count(len(questions), 'question')} answered")
    return AnsweredQuestions(len(questions), counts, args.out)


VERB = Verb(
    "ask",
    "Answer a question from the documents; every citation is checked against the exact text.",
    define,
    execute,
    examples=(
        "ask What was measured?",
        "ask -c papers --where 'year>=2020' Who proposed it?",
        "ask --questions questions.jsonl --out answers.jsonl",
    ),
    text=True,
)
