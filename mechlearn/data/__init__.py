"""Concentration data: runs, their noise, what their sampling shows, and what they say about production rates."""
