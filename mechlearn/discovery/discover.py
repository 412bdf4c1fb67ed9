"""Which learner looks for the mechanism, and what the other one says of its answer."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from ..chemistry.kinetics import production_rates
from ..chemistry.mechanism import Mechanism
from ..chemistry.species_names import fault_of_name
from ..data.balances.balances import Balances
from ..data.designed_states import design_of
from ..data.noise.rate_noise import RateNoise, rms_of
from ..data.progress import Progress, silent
from ..data.trajectories import Trajectories
from ..errors import DataError, StudyError
from .candidate_search import from_candidates
from .fit.scaling import noise_of
from .network_search import from_network
from .result import Discovery, no_reactions
from .settings import Search
from .trajectory_search import from_trajectories


def discover(
    balances: Balances, search: Search | None = None, *, noise: RateNoise | None = None, progress: Progress = silent
) -> Discovery:
    """Find the reactions and rate constants that explain the balances.

    Parameters
    ----------
    balances : Balances
        What the data say about production rates.
    search : Search, optional
        What to look for; all defaults if absent.
    noise : RateNoise, optional
        Of given production rates [kmol/m³/s], where more is known of it than these balances show; the network at one
        temperature weighs by it.
    progress : callable, optional
        Called with the part done, in [0, 1], and what is being done.

    Returns
    -------
    Discovery
        Never an exception for a disappointing result: see its ``status``.

    Raises
    ------
    StudyError
        If the search asks for something that the data cannot give, as ``conserve: elements`` without compositions.
    DataError
        If a species has a name that cannot stand in an equation, the balances are not production rates at states, or
        compositions or thermodynamics that the search needs are unknown.

    Notes
    -----
    The rows are found by Levenberg–Marquardt on the network (``candidates/network``), several restarts side by
    side; rows near whole numbers are frozen when a restart stalls, the others drawn anew. A restart that fits to
    round-off is read out complex by complex and checked against all data. An interrupt
    (Ctrl-C) ends the search with the best so far. The matrices are small, so one thread is used: more are slower.

    States at several temperatures, reverse rates from thermodynamics and third bodies are for the search among all
    candidates; at one temperature it checks what the network finds. With ``method: network`` the
    candidates are those that a network of rows in the elements' null space proposes; with ``both`` it looks after that
    search, and what only it proposes joins where that explains more.

    Balances of concentrations alone are for `mechlearn.discovery.fit`: candidates that carry flux in them, or with
    ``method: network`` the rows that the network froze in polynomials that follow them, are fitted to the trajectories,
    and only those stay that the trajectories need.

    References
    ----------
    .. [1] J. Huang, Y. Zhou, W.-A. Yong, "Data-driven discovery of multiscale chemical reactions governed by the law
       of mass action", J. Comput. Phys. 448, 110743 (2022). https://doi.org/10.1016/j.jcp.2021.110743

    Examples
    --------
    >>> discover(differential_balances(decay)).mechanism.equations
    ('A => B',)
    """
    search = search or Search()
    for fault in filter(None, (fault_of_name(species.name) for species in balances.species)):
        raise DataError(fault)
    if not np.any(balances.accumulation):
        message = "No concentration changes in these data, so there is no reaction to find."
        return no_reactions(balances, search, message)
    if balances.trajectories is None and (search.known or search.forbid):
        raise StudyError(
            "learn.known and learn.forbid are for concentrations alone, and these runs have production rates. Leave "
            "them out, or learn with balances: weak, which does not use the rates."
        )
    with threadpool_limits(limits=1):
        if balances.trajectories is not None:
            return from_trajectories(balances, search, progress)
        if _among_candidates(balances, search):
            return from_candidates(balances, search, progress)
        return from_network(balances, search, progress, noise)


def noise_seen(balances: Balances, search: Search) -> RateNoise | None:
    """The noise by which a search weighs given production rates [kmol/m³/s]; None where the network has no say."""
    return None if balances.trajectories is not None or _among_candidates(balances, search) else noise_of(balances)


def _among_candidates(balances: Balances, search: Search) -> bool:
    """Whether the search among all candidates alone must find the reactions; errors where nothing can."""
    temperature = balances.temperature[np.isfinite(balances.temperature)]
    several = bool(temperature.size) and np.ptp(temperature) > 1e-6 * temperature.max()
    reasons = [
        *(["the states are designed"] if search.method != "network" and _designed(balances) else []),
        *(["the states are at several temperatures"] if several else []),
        *([f"reverse: {search.reverse}"] if search.reverse == "thermo" else []),
        *(["third_bodies: true"] if search.third_bodies else []),
        *(["temperature_dependence: arrhenius"] if search.temperature_dependence == "arrhenius" else []),
    ]
    bare = [s.name for s in balances.species if not s.composition]
    if not reasons:
        if search.method == "candidates" and bare:
            raise DataError(
                f"method: candidates needs compositions, and that of {bare[0]} is unknown. Give a mechanism."
            )
        return False
    if several and search.temperature_dependence == "none":
        raise DataError(
            f"The states are at {temperature.min():g} to {temperature.max():g} K, and temperature_dependence: none "
            "asks for rate constants without it. Give runs at one temperature, or temperature_dependence: auto."
        )
    if search.catalysts:
        raise StudyError(
            f"catalysts: true is for rate constants at one temperature, each direction with its own; here "
            f"{' and '.join(reasons)}. Leave one of them out."
        )
    if search.method == "network" and search.reverse != "thermo":
        raise StudyError(
            "method: network learns rate constants of each direction at one temperature; here "
            f"{' and '.join(reasons)}. Use reverse: thermo, which ties the directions, or method: candidates or auto."
        )
    if bare:
        raise DataError(
            f"With {' and '.join(reasons)}, reactions are looked for among all that the elements allow, but the "
            f"composition of {bare[0]} is unknown. Give a mechanism with compositions (mechanism: or --mechanism)."
        )
    lacking = [s.name for s in balances.species if s.thermo is None]
    if search.reverse == "thermo" and lacking:
        raise DataError(
            f"reverse: thermo needs the thermodynamics of all species, and that of {lacking[0]} is unknown. Give a "
            "mechanism with thermo data, or reverse: free."
        )
    return True


def _designed(balances: Balances) -> bool:
    known = all(s.composition for s in balances.species)
    return known and design_of(balances.concentrations, balances.temperature) is not None


def relative_error(mechanism: Mechanism, balances: Balances) -> float:
    """Root of the summed squared residual of all entries over that of the accumulation, each species by its own size.

    Parameters
    ----------
    mechanism : Mechanism
        With the species of the balances in the same order.
    balances : Balances
        Those learnt from, or others.
    """
    production = production_rates(mechanism, balances.concentrations, balances.temperature)
    size = rms_of(balances.accumulation)
    total = float(np.linalg.norm(balances.accumulation / size))
    return float(np.linalg.norm(balances.residual(production) / size)) / (total or 1.0)


def has_rates(runs: Trajectories, search: Search) -> bool:
    """Whether production rates are given and to be used."""
    return search.balances in ("auto", "derivative") and any(run.rates is not None for run in runs.runs)
