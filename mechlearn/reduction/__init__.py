"""A detailed mechanism, conditions and error limits → the smallest mechanism that keeps them."""

from .finishing import Reduction as Reduction
from .flow import reduce_study as reduce_study
