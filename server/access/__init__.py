"""Who is calling: principals, passwords, bearer tokens."""
