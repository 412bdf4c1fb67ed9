"""Tables of runs: text, HDF5 and YAML files, data frames and Cantera's SolutionArray ⇄ Trajectories."""
