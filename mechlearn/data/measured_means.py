"""Means of what was measured, where some was not."""

from __future__ import annotations

import numpy as np

from ..chemistry.arrays import Array


def measured_means(values: Array) -> Array:
    """Means of the columns over values that are not NaN, shape (S,); zero for a column without any.

    Examples
    --------
    >>> measured_means(np.array([[1.0, np.nan], [3.0, np.nan]])).tolist()
    [2.0, 0.0]
    """
    return np.asarray(np.nansum(values, axis=0) / np.maximum((~np.isnan(values)).sum(axis=0), 1))
