"""The search by the signed-matrix network, and the verdict on it."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from ..chemistry.one_way import Complex, OneWayReaction, complex_text
from ..data.balances.balances import Balances
from ..data.noise.rate_noise import RateNoise
from ..data.progress import Progress
from ..errors import DataError, StudyError
from .candidate_fit import candidate_directions
from .candidates.network.adam import search_rows_with_adam
from .candidates.network.noisy_solution import significant_rates, solution_under_noise
from .candidates.network.solution import EXACT, Solution, pruned, solution_from_rows, too_many
from .candidates.network.stoichiometry import Stoichiometry, conserving_rows, element_laws, free_rows
from .candidates.network.training import RowSearch, search_rows
from .catalysts import NOT_LOOKED_FOR, law_of, reason_text, same_law_text, solution_with_catalysts
from .conservation_laws_in_data import Conserved, conserved_in
from .discovery_result import STATUS, Discovery, learnt_mechanism, no_reactions
from .fit.learned_reactions import LearnedReaction, learned_reactions
from .fit.scaling import Scaled, scaled
from .mass_action_test import lack_of_fit_of_mass_action, shortened, with_lack_of_fit
from .settings import Adam, Search


def from_network(balances: Balances, search: Search, progress: Progress, noise: RateNoise | None = None) -> Discovery:
    """What the network finds; with compositions and ``method`` auto or both, checked against the library."""
    started = time.monotonic()
    _check(balances)
    problem = scaled(balances, noise)
    stoichiometry, conserved = _stoichiometry(balances, problem, search)
    doubt = lack_of_fit_of_mass_action(problem, balances)
    witness = _witness(balances, problem, stoichiometry, search)
    settled = witness is not None and witness.complete and search.method == "auto"
    asked, search = search, shortened(search) if doubt or settled else search
    solution, needed = solution_with_catalysts(problem, stoichiometry, search)
    finder = "network" if solution is None else "complexes"
    found = RowSearch(solution) if solution else _search(balances, problem, stoichiometry, search, progress)
    solution = found.solution
    more = NOT_LOOKED_FOR if search.catalysts and finder == "network" else ""
    if solution is None and found.votes:
        solution = solution_from_rows(problem, np.array(list(found.votes), dtype=float), search)
    by_network = set(solution.fit.directions) if solution else set()
    if witness is not None and (solution is None or _better(witness, solution)):
        solution = witness
    if solution is None:
        message = "No row came near whole numbers. Offer another number of reactions, more restarts or more time."
        if search.method == "candidates":
            message = "No set of the reactions that the elements allow explains these data."
        nothing = no_reactions(balances, asked, message, found, started)
        status, message = with_lack_of_fit(nothing.status, nothing.message + more, doubt)
        return replace(nothing, status=status, message=message, conserved=conserved)
    finders = {finder: by_network} | ({"candidates": set(witness.fit.directions)} if witness else {})
    reactions = learned_reactions(solution.fit, problem, balances.species)
    reactions = tuple(_with_finders(each, balances, finders) for each in reactions)
    level = 0.0 if problem.noise.exact else problem.noise.relative
    status, message = _verdict(solution, witness, found, balances, level, needed)
    status, message = with_lack_of_fit(status, message + (more if status == "unexplained-residual" else ""), doubt)
    return Discovery(
        mechanism=learnt_mechanism(balances, tuple(learned.reaction for learned in reactions)),
        status=status,
        message=message,
        loss=solution.fit.misfit,
        noise=level,
        reactions=reactions,
        history=tuple(found.history),
        descent=tuple(found.descent),
        search=asked,
        seconds=time.monotonic() - started,
        conserved=conserved,
    )


def _witness(balances: Balances, problem: Scaled, stoichiometry: Stoichiometry, search: Search) -> Solution | None:
    """What the library of candidates explains; None where it cannot, or is not asked."""
    known = all(s.composition for s in balances.species)
    if search.method == "network" or not known or isinstance(search.optimizer, Adam):
        return None
    directions = candidate_directions(balances, search)
    if not directions:
        return None
    if not problem.noise.exact:
        pool = sorted({side for d in directions for side in (d.reactants, d.products)})
        whole = solution_under_noise(problem, pool, stoichiometry, search)
        fit = None if whole else significant_rates(problem, directions, search)
        return whole if fit is None or too_many(fit, search) else Solution(fit)
    fit = pruned(problem, directions, search, weakest=EXACT)
    complete = fit.misfit < EXACT and not too_many(fit, search)
    return Solution(fit, complete=complete) if complete or search.method == "candidates" else None


def _with_finders(
    learned: LearnedReaction, balances: Balances, found: dict[str, set[OneWayReaction]]
) -> LearnedReaction:
    names = [s.name for s in balances.species]
    sides = [
        tuple(int(side.get(n, 0)) for n in names) for side in (learned.reaction.reactants, learned.reaction.products)
    ]
    direction = OneWayReaction(sides[0], sides[1])
    return replace(learned, found_by=tuple(name for name, directions in found.items() if direction in directions))


def _check(balances: Balances) -> None:
    identity = sp.eye_array(balances.operator.shape[0], balances.operator.shape[1])
    if balances.operator.shape[0] != balances.operator.shape[1] or (balances.operator - identity).nnz:
        raise DataError("These balances are not production rates at states; this version learns from those only.")
    temperature = balances.temperature[np.isfinite(balances.temperature)]
    if temperature.size and np.ptp(temperature) > 1e-6 * temperature.max():
        raise DataError(
            f"The states are at {temperature.min():g} to {temperature.max():g} K, and this version learns rate "
            "constants at one temperature. Give runs at one constant temperature (reactor: isothermal)."
        )


def _stoichiometry(balances: Balances, problem: Scaled, search: Search) -> tuple[Stoichiometry, Conserved | None]:
    """Which rows are admitted; where the data themselves say what is conserved, with that."""
    conserve = search.conserve
    if conserve == "auto":
        conserve = "elements" if all(s.composition for s in balances.species) else "data"
    limits = (search.max_coefficient, search.max_order)
    conserved = conserved_in(problem.production, problem.noise) if conserve == "data" else None
    laws = element_laws(balances.species) if conserve == "elements" else conserved.laws if conserved else ()
    rows = conserving_rows(np.asarray(laws), *limits) if len(laws) else free_rows(len(balances.species), *limits)
    return rows, conserved


def _search(
    balances: Balances,
    problem: Scaled,
    stoichiometry: Stoichiometry,
    search: Search,
    progress: Progress,
) -> RowSearch:
    if search.method == "candidates":
        return RowSearch()
    if isinstance(search.optimizer, Adam):
        if search.reactions == "auto":
            raise StudyError("optimizer: adam needs the number of reactions; set reactions: to a number.")
        return search_rows_with_adam(balances, stoichiometry, search, search.optimizer, search.reactions, progress)
    return search_rows(problem, stoichiometry, search, search.optimizer, progress)


def _verdict(
    solution: Solution,
    witness: Solution | None,
    found: RowSearch,
    balances: Balances,
    noise: float,
    needed: tuple[Complex, ...],
) -> tuple[str, str]:
    detail = f"{solution.fit.misfit:.2g}"
    if found.interrupted:
        status = "interrupted"
    elif len(balances.concentrations) < 2 * len(solution.fit.directions):
        status = "undersampled"
        detail = (
            f"{len(balances.concentrations)} states are too few to tell {len(solution.fit.directions)} one-way "
            "reactions from others."
        )
    elif not solution.complete:
        status = "unexplained-residual"
    elif solution.ambiguous:
        status = "ambiguous"
        detail = (
            "; ".join(complex_text(y, [s.name for s in balances.species]) for y in solution.ambiguous)
            + " can react in more than one way"
        )
    elif witness is not None and witness.complete and _rivals(witness, solution):
        status = "ambiguous"
        equations = "; ".join(d.equation([s.name for s in balances.species]) for d in witness.fit.directions)
        detail = f"the library of candidates gives other ones, {equations}"
    elif needed:
        status, detail = "needs-catalysts", reason_text(solution, needed, balances)
    else:
        status = "recovered"
    level = "round-off" if noise == 0 else f"their noise, {100 * noise:.2g} % of the rates"
    return status, STATUS[status].format(detail=detail, level=level) + same_law_text(solution, balances)


def _better(witness: Solution, solution: Solution) -> bool:
    """Whether the library explains what the network does not, or at least more of it."""
    more = witness.complete or witness.fit.misfit < solution.fit.misfit
    return not solution.complete and more


def _rivals(witness: Solution, solution: Solution) -> bool:
    """True if the witness has other reactions, and no more of them."""
    mine, theirs = ({law_of(d) for d in each.fit.directions} for each in (solution, witness))
    return theirs != mine and len(theirs) <= len(mine)
