"""Tests of the wire, module by module."""
