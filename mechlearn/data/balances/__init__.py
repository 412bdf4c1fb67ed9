"""Trajectories → Balances: production rates as the data give them."""
