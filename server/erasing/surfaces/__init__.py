"""The surfaces that an erasure goes through, a file each, and the list of all places that they cover."""
