"""Cantera integrates: conditions → trajectories with exact production rates; and our own integrator for fits."""
