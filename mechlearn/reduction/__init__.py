"""A detailed mechanism, conditions and error limits → the smallest mechanism that keeps them."""
