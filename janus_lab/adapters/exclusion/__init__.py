"""Names that one holder has at a time."""
