"""What the sampling of runs can tell, before anything is learnt; fewer rows where there are more than needed."""

from .check import check_sampling as check_sampling
from .record import Finding as Finding
from .record import Sampling as Sampling
from .sources import from_nothing as from_nothing
from .thinning import thinned as thinned
