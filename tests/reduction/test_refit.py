"""Steps of rate constants: within bounds, the best there are, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from mechlearn.reduction.refit import BOUNDS, RefitModel, best_step


def test_the_best_step_is_within_bounds_and_better_than_others() -> None:
    rng = np.random.default_rng(5)
    changes = rng.uniform(-0.5, 0.5, size=(4, 3)) * BOUNDS
    changes[2] = 0
    fit = RefitModel(rng.normal(size=30), rng.normal(size=(30, 4, 3)), changes, np.array([1.0, 1.0, 0.0, 1.0]))
    found = fit.moved(best_step(fit, 0.3))
    assert np.all(np.abs(found.changes) <= np.array(BOUNDS) * (1 + 1e-9))
    assert np.all(np.abs(found.changes - changes) <= 0.3 * np.array(BOUNDS) * (1 + 1e-9))
    assert np.all(found.changes[2] == changes[2])
    for _ in range(200):
        other = rng.uniform(-0.3, 0.3, size=(4, 3)) * BOUNDS
        other[2] = 0
        step = np.clip(changes + other, -np.array(BOUNDS), BOUNDS) - changes
        assert fit.moved(step).price() >= found.price() - 1e-6


def test_an_error_that_no_rate_constant_moves_may_use_its_limit() -> None:
    slopes = np.zeros((2, 1, 3))
    slopes[0, 0, 0] = 1.0
    fit = RefitModel(np.array([0.3, 0.95]), slopes, np.zeros((1, 3)), np.ones(1))
    assert fit.merit() == pytest.approx(0.95)
    assert fit.moved(best_step(fit)).values == pytest.approx([0.0, 0.95], abs=0.1)
    assert fit.without([0], np.array([0.65, 0.0])).merit() == pytest.approx(0.95)
