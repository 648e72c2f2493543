"""Models from the Hugging Face hub, in the cache that its other clients on this machine use."""
