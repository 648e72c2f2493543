"""What `hf://organisation/repository[/file][@revision]` names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote

from janus_lab.errors import UsageError

DEFAULT_REVISION = "main"
_SCHEME = "hf://"
_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,95})")
COMMIT = re.compile(r"[0-9a-f]{40}")
_FORM = "write hf://organisation/repository, then /file and @revision if need be"


@dataclass(frozen=True, slots=True)
class HubAddress:
    """A repository, one of its files ("": whichever suits), and a branch, tag or commit."""

    repository: str
    file: str = ""
    revision: str = DEFAULT_REVISION

    @classmethod
    def parse(cls, uri: str) -> Self:
        """The address that a URI names. Raises UsageError."""
        whole, _, revision = uri.removeprefix(_SCHEME).partition("@")
        organisation, _, rest = whole.partition("/")
        repository, _, file = rest.partition("/")
        if not uri.startswith(_SCHEME) or not (_PART.fullmatch(organisation) and _PART.fullmatch(repository)):
            raise UsageError(f"{uri!r} names no repository of models", remedy=_FORM)
        if "@" in revision or (file and not is_safe(unquote(file))):
            raise UsageError(f"{uri!r} names no file of a repository", remedy=_FORM)
        if revision and not is_safe(unquote(revision)):  # the cache notes it under its name
            raise UsageError(f"{uri!r} names no revision of a repository", remedy=_FORM)
        return cls(f"{organisation}/{repository}", unquote(file), unquote(revision) or DEFAULT_REVISION)

    def at(self, file: str, revision: str) -> Self:
        """Another file, at another revision, of the same repository."""
        return replace(self, file=file, revision=revision)

    @property
    def pinned(self) -> bool:
        """Whether it names a commit, whose files never change."""
        return COMMIT.fullmatch(self.revision) is not None

    @property
    def uri(self) -> str:
        """As it is written."""
        file = f"/{quote(self.file)}" if self.file else ""
        revision = "" if self.revision == DEFAULT_REVISION else f"@{quote(self.revision, safe='')}"
        return f"{_SCHEME}{self.repository}{file}{revision}"


def is_safe(name: str) -> bool:
    """Whether a name, which a stranger may have chosen, stays within the folder it is put into."""
    parts = name.split("/")
    plain = all(part not in ("", ".", "..") and part.isprintable() for part in parts)
    return plain and "\\" not in name and ":" not in name
