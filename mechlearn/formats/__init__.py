"""Files and records of other programs ⇄ ours: tables of runs, Cantera YAML, Chemkin."""
