"""Paths of Qdrant's REST interface, each with the models of its request and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from qdrant_client import models as m
from qdrant_client.http.models import models as raw

from qdrant_stand_in.refusal import Refused

# Fields younger than the oldest server Janus Lab takes: sending one would tie us to newer servers unawares.
_TOO_NEW = frozenset(
    {"acorn", "id_tracker", "idf", "memory", "metadata", "mmr", "strict_mode_config", "update_filter", "update_mode"}
)
_QUERY_PARAMETERS = frozenset({"wait", "ordering", "timeout", "consistency"})
_FREE = frozenset({"payload", "vector", "vectors"})


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, the request's type (None: no body), the answer's envelope, and the name of what answers."""

    method: str
    path: str
    request: Any
    envelope: type
    answer: str

    def match(self, method: str, path: str) -> re.Match[str] | None:
        """Whether this is the route of a request."""
        pattern = self.path.replace("{name}", "(?P<name>[^/]+)")
        return re.fullmatch(pattern, path) if method == self.method else None


ROUTES = (
    Route("GET", "/collections", None, raw.InlineResponse2006, "collections"),
    Route("GET", "/aliases", None, raw.InlineResponse20012, "aliases"),
    Route("POST", "/collections/aliases", m.ChangeAliasesOperation, raw.InlineResponse2001, "change_aliases"),
    Route("GET", "/collections/{name}", None, raw.InlineResponse2007, "collection"),
    Route("PUT", "/collections/{name}", m.CreateCollection, raw.InlineResponse2001, "create"),
    Route("DELETE", "/collections/{name}", None, raw.InlineResponse2001, "drop"),
    Route("GET", "/collections/{name}/aliases", None, raw.InlineResponse20012, "aliases_of"),
    Route("GET", "/collections/{name}/exists", None, raw.InlineResponse2009, "exists"),
    Route("PUT", "/collections/{name}/index", m.CreateFieldIndex, raw.InlineResponse2008, "index"),
    Route("PUT", "/collections/{name}/points", raw.PointInsertOperations, raw.InlineResponse2008, "upsert"),
    Route("POST", "/collections/{name}/points/delete", raw.PointsSelector, raw.InlineResponse2008, "delete"),
    Route("POST", "/collections/{name}/points", m.PointRequest, raw.InlineResponse20017, "retrieve"),
    Route("POST", "/collections/{name}/points/scroll", m.ScrollRequest, raw.InlineResponse20019, "scroll"),
    Route("POST", "/collections/{name}/points/count", m.CountRequest, raw.InlineResponse20020, "count"),
    Route("POST", "/collections/{name}/facet", m.FacetRequest, raw.InlineResponse20021, "facet"),
    Route("POST", "/collections/{name}/points/query", m.QueryRequest, raw.InlineResponse20022, "query"),
    Route(
        "POST", "/collections/{name}/points/query/batch", m.QueryRequestBatch, raw.InlineResponse20023, "query_batch"
    ),
)
_REQUESTS = {route: TypeAdapter(route.request) for route in ROUTES if route.request is not None}


def find(method: str, path: str, parameters: set[str]) -> tuple[Route, str | None]:
    """The route of a request, with the collection it names."""
    if unknown := parameters - _QUERY_PARAMETERS:
        raise Refused(400, f"unknown query parameters {sorted(unknown)}")
    for route in ROUTES:
        if found := route.match(method, path):
            return route, found.groupdict().get("name")
    raise Refused(404, f"the stand-in does not know {method} {path}")


def parse(route: Route, body: bytes) -> Any:
    """A request's body as its model."""
    if route not in _REQUESTS:
        if body:
            raise Refused(400, f"{route.method} {route.path} takes no body")
        return None
    try:
        parsed = _REQUESTS[route].validate_json(body)
    except ValidationError as error:
        raise Refused(400, f"Format error in JSON body: {error}") from error
    _refuse_new(_REQUESTS[route].dump_python(parsed, exclude_unset=True))
    return parsed


def envelope(route: Route, result: Any, seconds: float) -> bytes:
    """The answer as JSON, made by the model that the client reads it with."""
    made = route.envelope(result=result, status="ok", time=seconds)
    return str(made.model_dump_json()).encode()


def _refuse_new(given: Any) -> None:
    if isinstance(given, dict):
        if new := _TOO_NEW & given.keys():
            raise Refused(400, f"older servers do not know {sorted(new)}")
        for key, value in given.items():
            if key not in _FREE:
                _refuse_new(value)
    elif isinstance(given, list):
        for value in given:
            _refuse_new(value)
