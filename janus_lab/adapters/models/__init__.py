"""Models and what was measured of them, without a database."""
