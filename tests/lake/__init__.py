"""Where the lake lives: its catalog in a real PostgreSQL, its data on a real S3 server, each alone and both."""
