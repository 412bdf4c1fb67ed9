"""Where candidate reactions come from: all that the elements allow, the network, designed states."""
