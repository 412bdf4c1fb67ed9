"""How noisy concentrations and production rates are, before any mechanism is known."""
