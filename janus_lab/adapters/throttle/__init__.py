"""Rates shared by processes."""
