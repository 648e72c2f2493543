"""A stand-in for a Qdrant server, where none is to be had: its REST words over its own engine.

Requests are parsed by qdrant-client's models (an extra field is an error), answers are made by them, and the points lie in shards
of qdrant-edge. What it knows is what Janus Lab asks for; everything else is refused. It proves what we send and how we read what
comes back; it proves nothing about a real server's graphs, optimizers or clusters.
"""
