"""Graphs, figures, pages and the viewer: what an engineer looks at and signs."""
