"""What the benches share: timing, judging, clients, synthetic data, and the report."""
