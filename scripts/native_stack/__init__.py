"""The full stack's servers, started from compose.yaml without Docker: for tests, and for a developer's machine."""
