"""Certificates of erasures: what was looked through and found, signed and chained."""
