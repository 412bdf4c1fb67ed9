"""Tables of runs: text, HDF5 and YAML files, data frames and Cantera's SolutionArray ⇄ Trajectories."""

from .binary import read_hdf5, write_hdf5
from .endings import inspect_runs, read_inspected, read_runs, write_runs
from .frame import from_dataframe
from .inspection import Inspection, inspection_text, remarks
from .reading import Options
from .solution_array import from_solution_array
from .table import BASES, Basis
from .tidy import read_csv, write_csv

__all__ = [
    "BASES",
    "Basis",
    "Inspection",
    "Options",
    "from_dataframe",
    "from_solution_array",
    "inspect_runs",
    "inspection_text",
    "read_csv",
    "read_hdf5",
    "read_inspected",
    "read_runs",
    "remarks",
    "write_csv",
    "write_hdf5",
    "write_runs",
]
