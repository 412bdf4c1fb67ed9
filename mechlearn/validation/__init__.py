"""Validation: every run is simulated again with the mechanism, by CVODES, and compared in the engineer's terms."""
