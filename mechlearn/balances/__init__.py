"""Trajectories → Balances: production rates as the data tell them."""

from .differential import differential_balances as differential_balances
from .record import Balances as Balances
