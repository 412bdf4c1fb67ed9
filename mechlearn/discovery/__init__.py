"""Balances → Discovery: the search for a mechanism, its outcome, and what the outcome may be called."""

from .discover import discover as discover
from .discover import noise_seen as noise_seen
from .discover import relative_error as relative_error
from .doubt import shortened as shortened
from .record import STATUS as STATUS
from .record import Discovery as Discovery
from .record import learnt_mechanism as learnt_mechanism
