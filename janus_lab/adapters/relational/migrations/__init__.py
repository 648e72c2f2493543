"""Alembic's folder: how each schema became the next."""
