"""Numbers in words, as pages say them."""

from __future__ import annotations

import numpy as np

from ..drawing import number_text


def span_text(values: np.ndarray, unit: str) -> str:
    """The range of some numbers in words.

    Examples
    --------
    >>> span_text(np.array([1000.0, 1200.0]), "K"), span_text(np.array([1000.0, 1000.0]), "K")
    ('1000 to 1200 K', '1000 K')
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "not known"
    low, high = float(finite.min()), float(finite.max())
    if high - low <= 1e-6 * abs(high):
        return f"{number_text(high)} {unit}"
    return f"{number_text(low)} to {number_text(high)} {unit}"
