"""Personal data in columns: found by their names and by values of a sample, corrected by people."""
