"""Runs, source stamps and embeddings in a relational database: SQLite or PostgreSQL, as its URL says."""
