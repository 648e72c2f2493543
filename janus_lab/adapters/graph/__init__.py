"""Adapters of the graph store."""
