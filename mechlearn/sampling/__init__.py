"""What the sampling of runs can tell, before anything is learnt: time scales, variation, independence, noise."""

from .check import check_sampling as check_sampling
from .record import Finding as Finding
from .record import Sampling as Sampling
