"""States of agents, with versions."""
