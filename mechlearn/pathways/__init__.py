"""Reaction pathways of any Cantera mechanism: fluxes of elements between species, as graphs to work with."""

from .flux import ambiguous_reactions as ambiguous_reactions
from .flux import flux_graph as flux_graph
from .history import History as History
from .history import Progress as Progress
from .history import progress_history as progress_history
from .rates import progress_graph as progress_graph
