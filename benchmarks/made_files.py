"""Text files to ingest, made from a vocabulary: the same for everybody, of any number, about three chunks each."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

VOCABULARY = (
    "the of and a to in is was for on with as by at from which that it are were station glacier wind lidar pump measured"
    " winter battery river model index answer question chunk document light engine history metre degree northern crew"
    " report during after before between several instrument signal pressure snow road valley budget repair"
)
WORDS = VOCABULARY.split()


def sentence(chance: random.Random) -> str:
    """A sentence of 8 to 22 words."""
    words = chance.choices(WORDS, k=chance.randint(8, 22))
    return " ".join((words[0].capitalize(), *words[1:], str(chance.randint(1, 9999)))) + "."


def paragraph(chance: random.Random) -> str:
    """A paragraph of three to seven sentences."""
    return " ".join(sentence(chance) for _ in range(chance.randint(3, 7)))


def make_files(folder: Path, count: int, *, paragraphs: int = 6, seed: int = 7) -> int:
    """Write `count` text files, half of them Markdown; returns their characters."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    characters = 0
    for number in range(count):
        body = "\n\n".join(paragraph(chance) for _ in range(paragraphs))
        text = f"# Report {number}\n\n{body}\n" if number % 2 else body + "\n"
        (folder / f"report-{number:05}.{'md' if number % 2 else 'txt'}").write_text(text, encoding="utf-8")
        characters += len(text)
    return characters


def corpus_lines(count: int, *, seed: int = 7) -> Iterator[str]:
    """`count` lines of a JSONL corpus, a chunk each."""
    chance = random.Random(seed)
    for number in range(count):
        yield json.dumps({"id": number, "title": f"Note {number}", "text": paragraph(chance)})
