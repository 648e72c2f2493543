"""Sources to documents: found, read, cleaned, chunked, stored and made searchable."""
