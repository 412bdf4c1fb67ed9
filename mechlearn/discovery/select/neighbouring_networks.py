"""Networks near a given one that trajectories do not tell from it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from ...chemistry.one_way import Direction
from ...data.balances.balances_record import Balances
from ..candidates.trajectory_candidates import candidates
from ..fit.run_arrays import measured
from ..fit.trajectory_fit import Problem, evaluate
from ..fit.trajectory_result import Other
from ..settings import Search
from ..trajectory_learner import among, other_of


def networks_near(constants: Mapping[Direction, float], balances: Balances, search: Search) -> tuple[Other, ...] | None:
    """Networks one reaction away from a given one, whose trajectories explain the data as well.

    Parameters
    ----------
    constants : mapping of Direction to float
        The one-way reactions and their rate constants [kmol, m³, s], near those that fit best.
    balances : Balances
        Of concentrations alone.
    search : Search
        Which reactions count.

    Returns
    -------
    tuple of Other or None
        None where a reaction is not among those that are looked at, or the rates cannot be integrated.
    """
    courses = balances.courses
    assert courses is not None
    pool = candidates(courses.runs, courses.spread, search)
    support = np.array([i for i, each in enumerate(pool.written) if constants.get(each, 0.0) > 0], dtype=np.int64)
    held = {pool.reactions.directions[i] for i in np.flatnonzero(np.isin(pool.parameter, support))}
    if not len(support) or not constants.keys() <= held:
        return None
    theta = np.log([constants[pool.written[i]] for i in support])
    data = measured(courses.runs)
    with threadpool_limits(limits=1):
        problem = Problem.of(pool.select(support), data, courses.spread)
        state = evaluate(problem, theta, data.first)
        if state is None:
            return None
        selector, network, _ = among(pool, problem, state, support, courses.runs, search, lambda share, text: None)
        state = network.state
        mine = selector.network(network.kept, state.theta, state.first, state) or network
        best, near = selector.rivals(mine)
    return tuple(other_of(each) for each in (best, *near) if each is not mine)
