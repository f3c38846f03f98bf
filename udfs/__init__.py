"""The SQL surface: one file per family of functions, with signature, binding and docs. The work is done in `server`."""
