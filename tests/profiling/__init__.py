"""Profiles of columns: what they count, what they withhold, and what becomes of them."""
