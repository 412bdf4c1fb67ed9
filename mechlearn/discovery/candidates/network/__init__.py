"""Balances → reactions: the signed-matrix network, its freezing, and what its rows say."""
