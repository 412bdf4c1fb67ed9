"""Mechanism and data → how well its rate constants are known."""

from .estimate import estimate_uncertainty as estimate_uncertainty
from .interval import RateInterval as RateInterval
from .profile import Profile as Profile
from .profile import profile_limits as profile_limits
from .record import Uncertainty as Uncertainty
from .spread import Spread as Spread
from .unidentified import Unidentified as Unidentified
from .unidentified import unidentified as unidentified
