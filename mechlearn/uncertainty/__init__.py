"""Mechanism and data → how well its rate constants are known."""

from .estimate import estimate_uncertainty as estimate_uncertainty
from .profile import Profile as Profile
from .profile import profile_limits as profile_limits
from .record import RateInterval as RateInterval
from .record import Uncertainty as Uncertainty
