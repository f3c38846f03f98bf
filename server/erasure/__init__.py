"""Taking rows away: tombstones at once, and whoever is suppressed stays away."""
