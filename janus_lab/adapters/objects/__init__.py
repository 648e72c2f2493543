"""Original bytes under their hash."""
