"""Tables of runs: CSV and HDF5 files and Cantera's SolutionArray ⇄ Trajectories."""

from .binary import read_hdf5, write_hdf5
from .endings import read_runs, write_runs
from .solution_array import from_solution_array
from .tidy import read_csv, write_csv

__all__ = ["from_solution_array", "read_csv", "read_hdf5", "read_runs", "write_csv", "write_hdf5", "write_runs"]
