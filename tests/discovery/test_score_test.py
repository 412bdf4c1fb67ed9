"""Networks one reaction away: what the quadratic model of χ² says of an absent reaction in place of a kept one."""

import numpy as np
import pytest

from mechlearn.discovery.fit.trajectory_fit import Information
from mechlearn.discovery.select.score_test import QuadraticModel


def beside(*absent: tuple[float, float, float]) -> QuadraticModel:
    """One kept reaction at its minimum, of curvature 4; of each absent one curvature, coupling and gradient."""
    count = 1 + len(absent)
    normal, gradient = np.zeros((count, count)), np.zeros(count)
    normal[0, 0] = 4.0
    for place, (own, coupling, slope) in enumerate(absent, start=1):
        normal[place, place], gradient[place] = own, slope
        normal[0, place] = normal[place, 0] = coupling
    return QuadraticModel(
        1, tuple(range(10, 10 + len(absent))), Information(normal, gradient), np.zeros((len(absent), 1))
    )


def test_a_reaction_that_does_the_same_stands_for_the_kept_one_at_no_cost() -> None:
    exchanges = beside((9.0, 6.0, 0.0)).exchanges()
    assert list(exchanges) == [(0, 0)]
    assert exchanges[0, 0] == pytest.approx((0.0, 6.0 / 9.0))


def test_a_reaction_that_the_data_do_not_see_stands_for_no_other() -> None:
    hardly_seen = (1e-300, 1e-150, 0.0)
    model = beside((9.0, 3.0, 0.0), (0.0, 1e-150, 0.0), hardly_seen, (0.0, 0.0, 0.0))
    assert list(model.exchanges()) == [(0, 0)]
    assert model.exchanges()[0, 0] == pytest.approx((3.0, 3.0 / 9.0))


def test_a_rate_constant_may_go_to_zero_where_another_reaction_does_the_same_but_not_above() -> None:
    low, high = beside((9.0, 6.0, 0.0)).span(0, 1.0)
    assert low is None
    assert high == pytest.approx(2.0, rel=1e-3)
    half, _ = beside((9.0, 3.0, 0.0)).span(0, 1.0)
    assert half == pytest.approx(1.0 - 3**-0.5, rel=1e-2)


def test_a_rate_constant_that_no_other_can_stand_for_has_ends_on_both_sides() -> None:
    assert list(beside((9.0, 0.0, 0.0)).span(0, 1.0)) == pytest.approx([0.5, 2.0], rel=1e-3)
    assert beside((9.0, 0.0, 0.0)).span(0, 4.0) == (None, None)
