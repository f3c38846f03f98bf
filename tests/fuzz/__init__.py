"""Hostile bytes: the decoders by themselves, and a running server."""
