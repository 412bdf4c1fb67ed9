"""Networks one reaction away from a given one that trajectories do not distinguish from it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from ...chemistry.one_way import OneWayReaction
from ...data.balances.balances import Balances
from ...data.progress import silent
from ..candidates.trajectory_candidates import candidates
from ..fit.run_arrays import run_arrays
from ..fit.trajectory_problem import TrajectoryProblem
from ..fit.trajectory_result import CompetingNetwork
from ..settings import Search
from ..trajectory_learner import competing_network, with_competitors


def competing_networks(
    constants: Mapping[OneWayReaction, float], balances: Balances, search: Search
) -> tuple[CompetingNetwork, ...] | None:
    """Networks one reaction away from a given one, whose trajectories explain the data as well.

    Parameters
    ----------
    constants : mapping of OneWayReaction to float
        The one-way reactions and their rate constants [kmol, m³, s], near those that fit best.
    balances : Balances
        Of concentrations alone.
    search : Search
        Which reactions count.

    Returns
    -------
    tuple of CompetingNetwork or None
        None where a reaction is not among those that are looked at, or the rates cannot be integrated.
    """
    histories = balances.trajectories
    assert histories is not None
    pool = candidates(histories.runs, histories.noise, search)
    support = np.array([i for i, each in enumerate(pool.written) if constants.get(each, 0.0) > 0], dtype=np.int64)
    held = {pool.reactions.directions[i] for i in np.flatnonzero(np.isin(pool.parameter, support))}
    if not len(support) or not constants.keys() <= held:
        return None
    theta = np.log([constants[pool.written[i]] for i in support])
    data = run_arrays(histories.runs)
    with threadpool_limits(limits=1):
        problem = TrajectoryProblem.of(pool.select(support), data, histories.noise)
        state = problem.evaluate(theta, data.first)
        if state is None:
            return None
        selector, network, _ = with_competitors(pool, state, support, histories.runs, search, silent)
        state = network.state
        mine = selector.network(network.kept, state.theta, state.first, state) or network
        best, others = selector.competing(mine)
    return tuple(competing_network(each) for each in (best, *others) if each is not mine)
