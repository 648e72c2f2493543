"""The lab's search as a LangChain retriever."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from janus_lab.lab import Lab
from janus_lab.values.filter import Condition
from janus_lab.values.hit import Hit


class JanusRetriever(BaseRetriever):
    """Finds chunks by meaning and by words. `k`, `collection` and `where` may be given with each call, too."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    lab: Lab = Field(exclude=True, repr=False)
    k: int = Field(default=4, ge=1)
    collection: str | None = None
    where: tuple[Condition, ...] = ()

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - the search has nothing to tell in between
        k: int | None = None,
        collection: str | None = None,
        where: tuple[Condition, ...] | None = None,
    ) -> list[Document]:
        found = self.lab.search(
            query,
            collection=collection or self.collection,
            limit=self.k if k is None else k,
            where=self.where if where is None else where,
        )
        return [_document(hit) for hit in found.hits]


def _document(hit: Hit) -> Document:
    chunk = hit.chunk
    metadata: dict[str, Any] = {
        "document_id": chunk.document_id,
        "version_id": chunk.version_id,
        "source": hit.origin,
        "title": hit.title,
        "heading": chunk.heading,
        "page": chunk.page,
        "start": chunk.start,
        "end": chunk.end,
        "score": hit.score,
        "rank": hit.rank,
        **{f"{ranking.retriever}_score": ranking.score for ranking in hit.retrievers},
    }
    return Document(id=chunk.id, page_content=chunk.text, metadata=metadata)
