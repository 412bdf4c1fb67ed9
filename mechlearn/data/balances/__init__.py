"""Trajectories → Balances: production rates as the data tell them."""
