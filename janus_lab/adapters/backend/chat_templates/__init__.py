"""Chat templates that come with models: programs of strangers, run within bounds."""
