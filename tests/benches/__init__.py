"""`make bench`: what DESIGN.md's targets say, measured beside the reference in the same run. See docs/benchmarks.md."""
