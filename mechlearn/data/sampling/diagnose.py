"""All that is looked at, in the order in which it is told."""

from __future__ import annotations

from ..trajectories import Trajectories
from .diagnosis import Sampling
from .diagnostics import (
    about_noise,
    amount_of_gas,
    constant_species,
    elements,
    few_runs,
    initial_conditions,
    missing_values,
    no_change,
    time_scales,
    unknown_temperature,
)
from .estimates import directions_of, extent_of, noise_of
from .missing_species import amounts_from_nothing, columns_left_out


def check_sampling(runs: Trajectories) -> Sampling:
    """What the sampling of runs can tell, and what to measure next.

    Parameters
    ----------
    runs : Trajectories
        Any; perturbed states count as states, not as runs.

    Notes
    -----
    Noise is the median fourth difference of neighbouring samples [1]_; it needs runs of five samples or more.

    References
    ----------
    .. [1] T. Gasser, L. Sroka, C. Jennen-Steinmetz, "Residual variance and residual pattern in nonlinear regression",
       Biometrika 73, 625 (1986). https://doi.org/10.1093/biomet/73.3.625

    Examples
    --------
    >>> found = check_sampling(decay)
    >>> found.directions, found.findings[0].kind
    (1, 'runs')
    """
    histories = [run for run in runs.runs if not run.parent]
    extent = extent_of(runs.runs)
    noise = noise_of(histories, extent)
    directions = directions_of(histories, extent, noise or 0.0)
    first, fixed = initial_conditions(runs, histories, extent)
    scales = time_scales(runs, histories, extent, noise or 0.0)
    findings = [
        *columns_left_out(runs),
        *amounts_from_nothing(runs, histories, noise or 0.0),
        *few_runs(histories),
        *no_change(directions, histories),
        *scales,
        *constant_species(runs, extent, noise or 0.0),
        *fixed,
        *elements(runs, histories, noise or 0.0),
        *about_noise(histories, noise, coarse=bool(scales)),
        *missing_values(runs),
        *unknown_temperature(runs),
        *amount_of_gas(runs),
    ]
    return Sampling(len(histories), sum(len(run.time) for run in runs.runs), noise, directions, first, tuple(findings))
