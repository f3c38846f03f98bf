"""Answers with citations from what a search finds: quoted sentences, or a chat model's words checked against them."""
