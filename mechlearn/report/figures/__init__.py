"""Figures, each drawn by one module."""
