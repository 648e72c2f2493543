"""One reader a format; `registry` chooses among them."""
