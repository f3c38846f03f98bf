"""Admin operations: one registry behind DoAction, ListActions and CALL, so that none can exist unlisted."""
