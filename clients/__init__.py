"""Programs that talk to a Lakehouse server through its public doors only: Flight SQL (ADBC) and Flight actions."""
