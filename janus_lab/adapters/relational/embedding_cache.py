"""Embeddings by model and text hash, in a relational database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, select

from janus_lab.adapters.relational.batches import batches, keeping
from janus_lab.adapters.relational.database import Database, open_database
from janus_lab.adapters.relational.schema import embedding
from janus_lab.ports.embedding import EmbeddingCache

_STORED = np.dtype("<f4")


@contextmanager
def open_embedding_cache(url: str) -> Iterator[EmbeddingCache]:
    """The cache in the database at `url`, for as long as the context lasts."""
    with open_database(url) as database:
        yield RelationalEmbeddingCache(database)


class RelationalEmbeddingCache:
    """Embeddings as blobs of little-endian float32."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, model_hash: str, text_hashes: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Those embeddings that are known, by text hash; the arrays are read-only."""
        known: dict[str, npt.NDArray[np.float32]] = {}
        query = select(embedding.c.text_hash, embedding.c.vector).where(embedding.c.model_hash == model_hash)
        with self._database.read() as connection:
            for batch in batches(text_hashes):
                for text_hash, vector in connection.execute(query.where(embedding.c.text_hash.in_(batch))):
                    known[text_hash] = np.frombuffer(vector, dtype=_STORED)
        return known

    def put(self, model_hash: str, embeddings: dict[str, npt.NDArray[np.float32]]) -> None:
        """Remember embeddings by text hash; what is known stays."""
        rows = [
            {"model_hash": model_hash, "text_hash": text_hash, "vector": vector.astype(_STORED).tobytes()}
            for text_hash, vector in embeddings.items()
        ]
        if not rows:
            return
        # In one order, so that two who write the same rows can't wait for each other.
        rows.sort(key=itemgetter("text_hash"))
        self._database.change(lambda connection: connection.execute(keeping(connection, embedding), rows))

    def forget(self, text_hashes: Sequence[str]) -> None:
        """Forget these texts, for every model."""
        with self._database.write() as connection:
            for batch in batches(text_hashes):
                connection.execute(delete(embedding).where(embedding.c.text_hash.in_(batch)))
