"""Rate constants and rate laws that fit production rates or whole trajectories."""
