"""Which reactions and rate laws the data need, and no others."""
