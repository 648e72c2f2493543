"""Models: where they come from, when they are loaded, and what they are asked."""
