"""mechlearn: concentration data → a small reaction mechanism that Cantera runs.

Letters in the docstrings: T times, S species, R reactions, N samples, M balances. Units: kmol, m³, s, K, J, Pa.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .alternatives import Alternative as Alternative
    from .alternatives import Alternatives as Alternatives
    from .alternatives import find_alternatives as find_alternatives
    from .balances import Balances as Balances
    from .balances import Spread as Spread
    from .balances import differential_balances as differential_balances
    from .balances import estimate_spread as estimate_spread
    from .balances import integral_balances as integral_balances
    from .balances import weak_balances as weak_balances
    from .bootstrap import Support as Support
    from .bootstrap import bootstrap_support as bootstrap_support
    from .cantera_yaml import read_mechanism as read_mechanism
    from .cantera_yaml import to_cantera as to_cantera
    from .cantera_yaml import write_mechanism as write_mechanism
    from .comparison import Comparison as Comparison
    from .comparison import compare as compare
    from .discovery import Discovery as Discovery
    from .discovery import discover as discover
    from .discovery import relative_error as relative_error
    from .errors import BalanceError as BalanceError
    from .errors import DataError as DataError
    from .errors import FormatError as FormatError
    from .errors import MechlearnError as MechlearnError
    from .errors import SimulationError as SimulationError
    from .errors import StudyError as StudyError
    from .graph import reaction_graph as reaction_graph
    from .graph import write_graph as write_graph
    from .mechanism import Arrhenius as Arrhenius
    from .mechanism import Falloff as Falloff
    from .mechanism import Mechanism as Mechanism
    from .mechanism import Reaction as Reaction
    from .mechanism import Species as Species
    from .mechanism import ThirdBody as ThirdBody
    from .pathways import History as History
    from .pathways import Progress as Progress
    from .pathways import Way as Way
    from .pathways import ambiguous_reactions as ambiguous_reactions
    from .pathways import cycles as cycles
    from .pathways import difference as difference
    from .pathways import drg_coefficients as drg_coefficients
    from .pathways import drgep_coefficients as drgep_coefficients
    from .pathways import flux_graph as flux_graph
    from .pathways import lump as lump
    from .pathways import main_chain as main_chain
    from .pathways import neighbourhood as neighbourhood
    from .pathways import production_table as production_table
    from .pathways import progress_graph as progress_graph
    from .pathways import progress_history as progress_history
    from .pathways import refined_run as refined_run
    from .pathways import strongest_paths as strongest_paths
    from .pathways import threshold as threshold
    from .pathways import viewer_content as viewer_content
    from .pathways import write_flux_graph as write_flux_graph
    from .pathways import write_production_table as write_production_table
    from .reduction import Reduction as Reduction
    from .reduction import reduce_study as reduce_study
    from .refinement import Refinement as Refinement
    from .refinement import chosen_balances as chosen_balances
    from .refinement import refine as refine
    from .search import Adam as Adam
    from .search import LevenbergMarquardt as LevenbergMarquardt
    from .search import Search as Search
    from .simulation import simulate as simulate
    from .study import Study as Study
    from .study import load_study as load_study
    from .tables import from_dataframe as from_dataframe
    from .tables import from_solution_array as from_solution_array
    from .tables import inspect_runs as inspect_runs
    from .tables import read_csv as read_csv
    from .tables import read_hdf5 as read_hdf5
    from .tables import write_csv as write_csv
    from .tables import write_hdf5 as write_hdf5
    from .trajectories import Trajectories as Trajectories
    from .trajectories import Trajectory as Trajectory
    from .uncertainty import RateInterval as RateInterval
    from .uncertainty import Uncertainty as Uncertainty
    from .uncertainty import estimate_uncertainty as estimate_uncertainty
    from .validation import Validation as Validation
    from .validation import validate as validate
    from .viewer import write_viewer as write_viewer

_ROOMS = {
    "alternatives": ("Alternative", "Alternatives", "find_alternatives"),
    "balances": (
        "Balances",
        "Spread",
        "differential_balances",
        "estimate_spread",
        "integral_balances",
        "weak_balances",
    ),
    "bootstrap": ("Support", "bootstrap_support"),
    "cantera_yaml": ("read_mechanism", "to_cantera", "write_mechanism"),
    "comparison": ("Comparison", "compare"),
    "discovery": ("Discovery", "discover", "relative_error"),
    "errors": ("BalanceError", "DataError", "FormatError", "MechlearnError", "SimulationError", "StudyError"),
    "graph": ("reaction_graph", "write_graph"),
    "mechanism": ("Arrhenius", "Falloff", "Mechanism", "Reaction", "Species", "ThirdBody"),
    "pathways": (
        "History",
        "Progress",
        "Way",
        "ambiguous_reactions",
        "cycles",
        "difference",
        "drg_coefficients",
        "drgep_coefficients",
        "flux_graph",
        "lump",
        "main_chain",
        "neighbourhood",
        "production_table",
        "progress_graph",
        "progress_history",
        "refined_run",
        "strongest_paths",
        "threshold",
        "viewer_content",
        "write_flux_graph",
        "write_production_table",
    ),
    "reduction": ("Reduction", "reduce_study"),
    "refinement": ("Refinement", "chosen_balances", "refine"),
    "search": ("Adam", "LevenbergMarquardt", "Search"),
    "simulation": ("simulate",),
    "study": ("Study", "load_study"),
    "tables": (
        "from_dataframe",
        "from_solution_array",
        "inspect_runs",
        "read_csv",
        "read_hdf5",
        "write_csv",
        "write_hdf5",
    ),
    "trajectories": ("Trajectories", "Trajectory"),
    "uncertainty": ("RateInterval", "Uncertainty", "estimate_uncertainty"),
    "validation": ("Validation", "validate"),
    "viewer": ("write_viewer",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__version__ = version("mechlearn")
__all__ = sorted(_ROOM_OF)


def __getattr__(name: str) -> Any:
    """Load a public name's room on first use, so that the commands start fast."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'mechlearn' has no attribute {name!r}")
    return getattr(import_module(f".{_ROOM_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
