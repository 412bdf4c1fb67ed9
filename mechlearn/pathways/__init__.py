"""Reaction pathways of any Cantera mechanism: fluxes of elements between species, as graphs to work with."""
