"""The suites that LangChain publishes for its components, on the packaged models in a real engine room."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import (
    ChatModelIntegrationTests,
    EmbeddingsIntegrationTests,
    RetrieversIntegrationTests,
)
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests

from janus_lab import Lab
from janus_lab.langchain import ChatJanus, JanusEmbeddings, JanusRetriever

pytestmark = pytest.mark.usefixtures("on_class")


class Chat:
    """What both suites for chat models need. Tools, structured output and images are off, as the class declares none."""

    lab: ClassVar[Lab]

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatJanus

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"lab": self.lab}

    @property
    def supports_model_override(self) -> bool:
        """An engine room has one model."""
        return False


class TestChatUnit(Chat, ChatModelUnitTests):
    pass


class TestChat(Chat, ChatModelIntegrationTests):
    pass


class Embedding:
    lab: ClassVar[Lab]

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return JanusEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"lab": self.lab}


class TestEmbeddingsUnit(Embedding, EmbeddingsUnitTests):
    pass


class TestEmbeddings(Embedding, EmbeddingsIntegrationTests):
    pass


class TestRetriever(RetrieversIntegrationTests):
    lab: ClassVar[Lab]

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return JanusRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"lab": self.lab}

    @property
    def retriever_query_example(self) -> str:
        return "When did the pumps run?"
