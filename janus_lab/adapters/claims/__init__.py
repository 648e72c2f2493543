"""Claims on runs, the keys and the scripts they stand on."""
