"""Bringing data in: files, databases, schedules, and the samples for demos."""
