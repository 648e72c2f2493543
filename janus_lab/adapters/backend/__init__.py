"""Backends that run models: ONNX Runtime for embeddings, llama.cpp for text."""
