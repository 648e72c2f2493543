"""A query to hits: by meaning, by words, and both fused."""
