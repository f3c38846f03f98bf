"""Generated from the files in `flight/proto` by `flight/proto/generate.py`. Do not edit."""
