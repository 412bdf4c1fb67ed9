"""Balances → reactions: the signed-matrix network, its freezing, and the rate constants.

Only this folder imports torch.
"""
