"""The longest search from concentrations alone."""

from dataclasses import replace

import numpy as np

import mechlearn as ml


def test_a_search_without_time_says_so_and_is_never_recovered() -> None:
    times = np.linspace(0, 3, 12)
    warm, one_bar = np.full(12, 300.0), np.full(12, 1e5)
    runs = [
        ml.Trajectory(times, np.array([a * np.exp(-times), a - a * np.exp(-times)]).T, warm, one_bar, name=f"run{a}")
        for a in (1.0, 0.7, 0.4)
    ]
    data = ml.Trajectories((ml.Species("A"), ml.Species("B")), tuple(runs))
    search = ml.Search()
    whole = ml.discover(ml.integral_balances(data), search)
    cut = ml.discover(ml.integral_balances(data), replace(search, seconds=1e-3))
    assert "Time was over" not in whole.message
    assert cut.message.startswith("Time was over after 0.001 s")
    assert cut.status != "recovered"
