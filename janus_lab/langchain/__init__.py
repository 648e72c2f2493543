"""A lab as LangChain components: its search, its embeddings and its model. Needs the extra `janus-lab[langchain]`."""

from janus_lab.langchain.chat import ChatJanus
from janus_lab.langchain.embeddings import JanusEmbeddings
from janus_lab.langchain.retriever import JanusRetriever

__all__ = ["ChatJanus", "JanusEmbeddings", "JanusRetriever"]
