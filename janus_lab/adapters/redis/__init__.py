"""One Redis-compatible server: how we speak to it, the names of all keys in it, the scripts it runs and what they return."""
