"""Vector indexes: chunking, embedding, generations and search."""
