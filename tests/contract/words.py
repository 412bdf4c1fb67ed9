"""Spellings of study keys, statuses and summary keys that several tests share, each in this one place."""

CANDIDATES = "candidates"
"""``learn.method``: all reactions that the elements allow."""

DILUENT = "diluent"
"""Key of ``source.initial:``: what surrounds the drawn part."""

VERIFICATION_POINTS = "verification_points"
"""Key of ``reduce:``: how many conditions between those of the study the result is checked at."""

UNEXPLAINED_RESIDUAL = "unexplained-residual"
APPROXIMATE_RATE_LAWS = "approximate-rate-laws"
OUTSIDE_LIMITS = "outside-limits"

REPLACEMENT = "replacement"
"""Of an alternative: the reactions that stand in for others."""

N_MORE = "n_more"
"""Of an alternative: how many more one-way reactions the network has with it."""

STRUCTURALLY_EQUIVALENT = "structurally_equivalent"
"""Of an alternative: whether no concentrations can tell it apart."""
