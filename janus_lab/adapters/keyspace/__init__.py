"""Keys of a Redis-compatible server for somebody who looks: found, read within bounds, and said what they are."""
