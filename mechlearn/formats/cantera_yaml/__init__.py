"""Mechanism ⇄ Cantera YAML: reading any homogeneous gas file, writing one that looks hand-written."""
