"""Spellings of study keys, statuses and summary keys that several tests share, each in this one place."""

CANDIDATES = "library"
"""``learn.method``: all reactions that the elements allow."""

DILUENT = "bath"
"""Key of ``source.initial:``: what surrounds the drawn part."""

VERIFICATION_POINTS = "spot_checks"
"""Key of ``reduce:``: how many conditions between those of the study the result is checked at."""

UNEXPLAINED_RESIDUAL = "unsettled"
APPROXIMATE_RATE_LAWS = "approximated"
OUTSIDE_LIMITS = "not-held"

REPLACEMENT = "by"
"""Of an alternative: the reactions that stand in for others."""

N_MORE = "more"
"""Of an alternative: how many more one-way reactions the network has with it."""

STRUCTURALLY_EQUIVALENT = "everywhere"
"""Of an alternative: whether no concentrations can tell it apart."""
