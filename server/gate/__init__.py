"""The gate: every statement of every session passes it before anything runs. Deny by default."""
