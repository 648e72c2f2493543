"""What the rooms ask of engines, in our words: one small protocol a file."""
