"""Runs: carried out once, told as events, resumable."""
