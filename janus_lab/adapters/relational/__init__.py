"""Runs, source stamps and embeddings in a relational database: SQLite here, another dialect by its URL."""
