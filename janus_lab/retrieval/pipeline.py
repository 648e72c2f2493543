"""Search runs: one query or a whole list of them in one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.retrieval.fusion import BACKGROUND_RANK, DENSE_WEIGHT
from janus_lab.retrieval.pinned import PinnedIndex
from janus_lab.retrieval.reranker import Reranking
from janus_lab.retrieval.search import CANDIDATES, HybridSearch, nothing_there
from janus_lab.retrieval.stopwatch import Stopwatch
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.event import EventKind
from janus_lab.values.hit import SearchResult
from janus_lab.values.request import SearchRequest

_TELL_EVERY = 25


class SearchService:
    """Carries out search runs. The result is `{"results": [a SearchResult as JSON, one a query, in order]}`."""

    def __init__(self, search: HybridSearch) -> None:
        self._search = search

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Search for every query of the request; stops between queries when the run is cancelled."""
        request = codec.from_json(SearchRequest, context.run.request)
        index, reranking = self._search.index(request.collection), self._search.reranking()
        context.pin(
            fusion={"dense_weight": DENSE_WEIGHT, "background_rank": BACKGROUND_RANK, "candidates": CANDIDATES},
        )
        results = []
        for done, query in enumerate(request.queries):
            context.check_cancelled()
            if done and done % _TELL_EVERY == 0:
                context.emit(EventKind.PROGRESS, done=done, total=len(request.queries))
            results.append(codec.to_json(self._result(query, index, reranking, request, context)))
        context.pin(**index.facts(), **reranking.facts())
        return {"results": results}

    def _result(
        self, query: str, index: PinnedIndex, reranking: Reranking, request: SearchRequest, context: RunContext
    ) -> SearchResult:
        watch = Stopwatch()
        hits = self._search.search(query, index, request.limit, where=request.where, watch=watch, reranking=reranking)
        known = hits or self._search.has_documents(request.collection)
        notes = (*context.concessions, *(() if known else (nothing_there(request.collection),)))
        return SearchResult(query, tuple(hits), context.run.id, watch.timings, notes, index.generation)
