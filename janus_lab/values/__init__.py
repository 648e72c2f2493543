"""Frozen values that cross borders between rooms; import them from their own modules."""
