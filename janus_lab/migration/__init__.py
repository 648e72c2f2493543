"""Carrying everything from one deployment's stores into another's. Knows ports, no store."""
