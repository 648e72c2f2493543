"""The stand-in's collections and aliases on disk. Everything an answer has confirmed is there after kill -9."""

from __future__ import annotations

import json
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import qdrant_edge as edge
from qdrant_client import models as m

from qdrant_stand_in import conversions
from qdrant_stand_in.refusal import Refused

_CONFIG, _SHARD, _ALIASES = "config.json", "shard", "aliases.json"
_MAKING = "making~"
_NAME_BYTES = 255


@dataclass(slots=True)
class Collection:
    """A collection that is open; whoever works on the shard holds the lock."""

    config: m.CreateCollection
    shard: edge.EdgeShard
    lock: threading.RLock


class Shards:
    """All collections of one folder, opened at start."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.lock = threading.RLock()
        self._open: dict[str, Collection] = {}
        path = root / _ALIASES
        self.aliases: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        for folder in sorted(p for p in root.iterdir() if p.is_dir()):
            if folder.name.startswith(_MAKING):
                shutil.rmtree(folder)
            else:
                self._load(folder)

    def names(self) -> list[str]:
        """The collections there are, without aliases."""
        with self.lock:
            return sorted(self._open)

    def get(self, name: str) -> Collection:
        """A collection by its name or an alias of it."""
        with self.lock:
            found = self._open.get(self.aliases.get(name, name))
        if found is None:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        return found

    def create(self, name: str, request: m.CreateCollection) -> None:
        """Make a collection; one of that name, or an alias, is a conflict."""
        with self.lock:
            if name in self._open:
                raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
            if name in self.aliases:
                raise Refused(409, f"Wrong input: Can't create collection with name {name}. Alias with the same name")
            if not name or len(name.encode()) > _NAME_BYTES or any(c in '<>:"/\\|?*\0' for c in name):
                raise Refused(422, f"Validation error in path: collection name {name!r}")
            final = self._folder(name)
            making = final.with_name(_MAKING + final.name)
            shutil.rmtree(making, ignore_errors=True)
            (making / _SHARD).mkdir(parents=True)
            edge.EdgeShard.create(str(making / _SHARD), conversions.config(request)).close()
            (making / _CONFIG).write_text(json.dumps({"name": name, "config": request.model_dump(mode="json")}))
            making.replace(final)
            self._load(final)

    def drop(self, name: str) -> bool:
        """Remove a collection with its aliases; whether there was one."""
        with self.lock:
            found = self._open.pop(name, None)
            if found is None:
                return False
            self._write({alias: target for alias, target in self.aliases.items() if target != name})
            with found.lock:
                found.shard.close()
            shutil.rmtree(self._folder(name))
            return True

    def change_aliases(self, actions: list[m.AliasOperations]) -> None:
        """Carry out all actions while nobody looks; like the server's, each is on disk before the next."""
        with self.lock:
            for action in actions:
                changed = dict(self.aliases)
                self._act(changed, action)
                self._write(changed)

    def _act(self, aliases: dict[str, str], action: m.AliasOperations) -> None:
        if isinstance(action, m.CreateAliasOperation):
            wanted = action.create_alias
            if wanted.collection_name not in self._open:
                raise Refused(404, f"Not found: Collection `{wanted.collection_name}` doesn't exist!")
            if wanted.alias_name in self._open:
                raise Refused(409, f"Wrong input: Collection `{wanted.alias_name}` already exists!")
            aliases[wanted.alias_name] = wanted.collection_name
        elif isinstance(action, m.DeleteAliasOperation):
            aliases.pop(action.delete_alias.alias_name, None)
        else:
            raise Refused(400, "the stand-in renames no alias")

    def _write(self, aliases: dict[str, str]) -> None:
        making = self._root / f"{_ALIASES}.new"
        with making.open("w") as file:
            json.dump(aliases, file)
            file.flush()
            os.fsync(file.fileno())
        making.replace(self._root / _ALIASES)
        self.aliases = aliases

    def _folder(self, name: str) -> Path:
        return self._root / ("c~" + quote(name, safe=""))

    def _load(self, folder: Path) -> None:
        stored = json.loads((folder / _CONFIG).read_text())
        config = m.CreateCollection(**stored["config"])
        self._open[stored["name"]] = Collection(config, edge.EdgeShard.load(str(folder / _SHARD)), threading.RLock())
