"""The process: configuration, engine, sessions, the gate, and one subpackage per domain."""
