"""Replies that keep a JSON schema: what may come next is known before a token is chosen."""
