"""A design of states → which reactions leave which reactants, and their rate laws."""
