"""What models on servers have in common that read texts and write none."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

from janus_lab.adapters.backend.openai_models import described, offered_model
from janus_lab.adapters.backend.openai_server import ModelServer, wanted_as_long_as
from janus_lab.adapters.backend.openai_texts import TextCount
from janus_lab.errors import ModelFailed
from janus_lab.values.load_order import LoadOrder, StillWanted

PATIENCE_SECONDS = 120.0
_WINDOW_TOKENS = 512
"""What such models can read at least, where the server does not tell."""


class ServedReader:
    """A model on a server, by the server's name for it; safe to call from several threads."""

    def __init__(self, server: ModelServer, order: LoadOrder) -> None:
        options = order.record.options
        offered = offered_model(server, options.remote_model)
        self._server = server
        self._model = offered.name
        self._tokens = TextCount(server, offered.name)
        window = options.context_tokens or offered.window or _WINDOW_TOKENS
        self.info = replace(described(order, offered.name), context_tokens=window)

    def wanted_as_long_as(self, still_wanted: StillWanted) -> AbstractContextManager[None]:
        """See `janus_lab.ports.giving_up`."""
        return wanted_as_long_as(still_wanted)

    def _nonsense(self, wanted: str, kind: str) -> ModelFailed:
        """The error for an answer that is not what was wanted of a model of that kind."""
        return ModelFailed(
            f"the server of models at {self._server.address.shown} sent something that is no {wanted}",
            remedy=f"see that its model is {kind}, and read its log",
        )
