"""Reaction pathways of any Cantera mechanism: fluxes of elements between species, as graphs to work with."""

from .comparing import course_difference as course_difference
from .flux import ambiguous_reactions as ambiguous_reactions
from .flux import flux_graph as flux_graph
from .history import History as History
from .history import Progress as Progress
from .interaction import drg_coefficients as drg_coefficients
from .interaction import drgep_coefficients as drgep_coefficients
from .interaction import drgep_interactions as drgep_interactions
from .operations import difference as difference
from .operations import lump as lump
from .operations import neighbourhood as neighbourhood
from .operations import threshold as threshold
from .paths import Way as Way
from .paths import cycles as cycles
from .paths import main_chain as main_chain
from .paths import strongest_paths as strongest_paths
from .rates import ProductionRow as ProductionRow
from .rates import production_csv as production_csv
from .rates import production_table as production_table
from .rates import progress_graph as progress_graph
from .rates import write_production_table as write_production_table
from .recording import progress_history as progress_history
from .recording import refined_run as refined_run
from .viewing import viewer_content as viewer_content
from .writing import flux_graph_text as flux_graph_text
from .writing import write_flux_graph as write_flux_graph
