"""Models: embedding and chat providers."""
