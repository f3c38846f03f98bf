"""SIGKILL at any moment: what was acknowledged is there afterwards, whole; what was not, whole or not at all."""
