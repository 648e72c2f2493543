"""Models that can't be fetched, and servers of models that are left alone for a while."""

from __future__ import annotations

from janus_lab.errors.engines import ModelFailed
from janus_lab.errors.families import EngineError, UserError


class ModelGated(UserError):
    """The model's publisher asks for consent, or for an account, first."""

    code = "model-gated"


class LicenceNotAccepted(UserError):
    """A model's licence is not one of those that let anybody use it for anything, and nobody has accepted it yet."""

    code = "licence-not-accepted"


class HubUnreachable(EngineError):
    """A hub of models does not answer, or can't serve now."""

    code = "hub-unreachable"


class HashMismatch(EngineError):
    """What was fetched is not what the publisher says it is; it was thrown away."""

    code = "wrong-hash"


class ServerUnreachable(ModelFailed):
    """A server of models does not answer, or falls silent."""

    code = "model-server-unreachable"


class CircuitOpen(EngineError):
    """A server of models failed again and again, and is not asked for a while."""

    code = "circuit-open"


class GrammarRefused(UserError):
    """A JSON schema can't be kept to while a model writes."""

    code = "schema-refused"


class ModelInUse(UserError):
    """Collections are searched by an embedding model that is to be forgotten, or to be another one."""

    code = "model-in-use"


class IndexModelMissing(UserError):
    """The model that a collection's embeddings are of is no longer to be had."""

    code = "index-model-missing"
