"""What a search and a finished study may be called: the statuses, their sentences, and what decides among them.

Each function takes the evidence as plain values and gives the first status whose condition holds.
"""

from __future__ import annotations

STATUSES = {
    "recovered": "Every reaction is frozen and the data are explained to {level}.",
    "ambiguous": "The data are explained to {level}, but so they are by another network with as few reactions: "
    "{detail}. Give compositions (conserve: elements) or data from other states.",
    "needs-catalysts": "The data are explained to {level}, but only by reactions with a species on both sides: {detail}"
    ". Learn with catalysts: true to accept them.",
    "not-mass-action": "No polynomial of third order in the concentrations follows the rates: the best one leaves "
    "{detail}. The rate law may be rational (an intermediate that is not among the species), or a species or the "
    "temperature that matters may be missing.",
    "unexplained-residual": "The reactions found leave {detail} of the gross production unexplained. Offer more "
    "reactions, more restarts or more time; the cause may also be a rate law that this version does not know.",
    "approximate-rate-laws": "The reactions found explain the data, with rate laws that miss {detail} of the gross "
    "production: their forms are not exactly those of the source.",
    "undersampled": "{detail} Bring more runs or more times.",
    "no-reactions": "{detail}",
    "interrupted": "Interrupted; the best so far leaves {detail} of the gross production unexplained.",
    "unbalanced-data": "{detail}",
    "not-validated": "The data are explained, but {detail}",
    "unidentifiable": "The data are explained, but not every rate constant is determined. {detail}",
}
"""Outcomes of a search or a study, each with its sentence."""
UNEXPLAINED = ("unexplained-residual", "no-reactions", "undersampled")
"""Outcomes for which data that lose atoms would be a reason."""
WITHOUT_EXPLANATION = ("unexplained-residual", "no-reactions")
"""Outcomes for which it matters that no mass-action mechanism could explain the data."""
VALUES_PER_REACTION = 2
"""States or values that it takes at least for each one-way reaction or rate law."""
LARGEST_CHI2 = 1.5
"""χ² per datum, by the noise that neighbouring samples show, above which something is unexplained."""
ROUND_OFF = 1e-9
"""Of the gross production, that rate laws may miss and be called exact."""
BELOW_NOISE = 0.3
"""Error of the rate laws over the noise of the data below which noise is what is left."""
LEAST_NOISE = 1e-3
"""Below this, noise cannot be distinguished from the errors of rate laws."""
LARGEST_LAW_ERROR = 0.02
"""Error of the rate laws up to which they are called approximate."""


def _first(conditions: dict[str, bool], otherwise: str = "recovered") -> str:
    return next((status for status, holds in conditions.items() if holds), otherwise)


def status_from_network(
    *, interrupted: bool, states: int, reactions: int, complete: bool, ambiguous: bool, needs_catalysts: bool
) -> str:
    """Of one-way reactions read out of the network and checked against all candidates.

    ``recovered`` needs all rows frozen (``complete``) and no other network that explains the data as well.
    """
    conditions = {
        "interrupted": interrupted,
        "undersampled": states < VALUES_PER_REACTION * reactions,
        "unexplained-residual": not complete,
        "ambiguous": ambiguous,
        "needs-catalysts": needs_catalysts,
    }
    return _first(conditions)


def hidden_by_noise(law_error: float, noise: float) -> bool:
    """Whether noise is what rate laws leave, so that slower reactions may be hidden in it."""
    return noise > LEAST_NOISE and law_error < BELOW_NOISE * noise


def status_from_candidates(*, interrupted: bool, balances: int, laws: int, law_error: float, noise: float) -> str:
    """Of reactions with rate laws over temperatures, found among all candidates."""
    conditions = {
        "interrupted": interrupted,
        "undersampled": balances < VALUES_PER_REACTION * laws,
        "recovered": law_error < ROUND_OFF and noise < ROUND_OFF,
        "approximate-rate-laws": hidden_by_noise(law_error, noise) or law_error < LARGEST_LAW_ERROR,
    }
    return _first(conditions, "unexplained-residual")


def status_from_trajectories(
    *,
    values: int,
    reactions: int,
    unresolved: bool,
    chi2_per_datum: float,
    systematic: bool,
    too_many: bool,
    alternatives: int,
    needs_catalysts: bool,
    overall: bool,
) -> str:
    """Of reactions that whole trajectories need.

    ``unresolved`` is whether fast reactions end before the second sample, ``systematic`` whether parts of runs are
    off together by more than noise makes, ``alternatives`` how many other networks
    explain the data as well, ``overall`` whether a reaction has orders other than its coefficients, or one-way
    reactions close a cycle.
    """
    conditions = {
        "undersampled": values < VALUES_PER_REACTION * reactions or unresolved,
        "unexplained-residual": chi2_per_datum > LARGEST_CHI2 or too_many or systematic,
        "ambiguous": alternatives > 0,
        "approximate-rate-laws": overall,
        "needs-catalysts": needs_catalysts,
    }
    return _first(conditions)


def final_status_of(
    discovered: str, *, obstacle: str, held_out: bool, passed: bool, alternatives: bool, unlimited: bool
) -> str:
    """Of a finished study: where the search was all it should be, the held-out runs and the rate constants decide.

    Parameters
    ----------
    discovered : str
        Status of the search.
    obstacle : str
        Status of what went wrong on the way; empty where nothing did.
    held_out, passed : bool
        Whether runs were held out, and whether the validation was passed.
    alternatives : bool
        Whether as few other reactions explain the data as well.
    unlimited : bool
        Whether the data leave a rate constant without a limit.
    """
    if discovered != "recovered" and obstacle != "interrupted":
        vague = discovered == "approximate-rate-laws" and unlimited and passed and not obstacle
        return "unidentifiable" if vague else discovered
    if obstacle:
        return obstacle
    conditions = {"not-validated": not (held_out and passed), "ambiguous": alternatives, "unidentifiable": unlimited}
    return _first(conditions)
