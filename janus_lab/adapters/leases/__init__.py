"""Leases over what machines have."""
