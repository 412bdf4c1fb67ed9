"""Trajectories → Balances: production rates as the data tell them."""

from .differential import differential_balances as differential_balances
from .integral import integral_balances as integral_balances
from .noise import Spread as Spread
from .noise import estimate_spread as estimate_spread
from .noise import spread_of as spread_of
from .noise import standing_out as standing_out
from .record import Balances as Balances
from .record import Courses as Courses
from .weak import weak_balances as weak_balances
from .whitening import HORIZONS as HORIZONS
from .whitening import Rows as Rows
