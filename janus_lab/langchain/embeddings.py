"""The lab's embedding model as LangChain embeddings."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from janus_lab.lab import Lab
from janus_lab.values.embedding import TextUse


class JanusEmbeddings(Embeddings):
    """Embeds texts in the lab's engine room: unit length, the same numbers that the lab's own search uses."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One embedding a text, in order."""
        embeddings: list[list[float]] = self._lab.embed(texts, use=TextUse.PASSAGE).tolist()
        return embeddings

    def embed_query(self, text: str) -> list[float]:
        """The embedding of one query."""
        embedding: list[float] = self._lab.embed([text], use=TextUse.QUERY)[0].tolist()
        return embedding
