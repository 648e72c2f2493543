"""The embedded engine room, seen from its clients: attach, start, stop, inspect."""
