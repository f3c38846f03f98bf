"""`make demo`: a server with sample data, a tour of it in SQL, and how to connect to it. `python -m clients.demo`."""
