"""Models: embedding and chat providers, and what turns passages into a cited answer."""
