"""Retention: which snapshots of the lake are kept, and the rest expired."""
