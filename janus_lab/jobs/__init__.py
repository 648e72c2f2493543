"""What runs in the engine room: actors, worker, supervisor."""
