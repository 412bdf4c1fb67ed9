"""Mechanism and data → how well its rate constants are known, and what to measure next."""
