"""Balances → Discovery: the search for a mechanism, its outcome, and what the outcome may be called."""
