"""Queues that bring runs to workers."""
