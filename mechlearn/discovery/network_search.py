"""The search by the signed-matrix network at one temperature, cross-checked against all candidates."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ..chemistry.one_way import Complex, OneWayReaction, complex_text
from ..data.balances.balances import Balances
from ..data.noise.rate_noise import RateNoise
from ..data.progress import Progress
from ..errors import DataError, StudyError
from .candidate_fit import candidate_directions
from .candidates.network.noisy_solution import significant_rates, solution_under_noise
from .candidates.network.row_search import RowSearch
from .candidates.network.solution import EXACT_MISFIT, Solution, pruned, solution_from_rows, too_many
from .candidates.network.stoichiometry import Stoichiometry, conserving_rows, element_laws, free_rows
from .catalysts import NOT_LOOKED_FOR, reason_text, same_rate_law_text, solution_with_catalysts
from .conservation_laws_in_data import Conserved, conserved_in
from .fit.learned_reactions import learned_reactions
from .fit.production_states import are_rates_at_states
from .fit.scaling import Scaled, scaled
from .lack_of_fit import lack_of_fit_of_mass_action, shortened
from .result import Discovery, discovered, no_reactions
from .settings import Adam, Search
from .status import STATUSES, WITHOUT_EXPLANATION, status_from_network


def from_network(balances: Balances, search: Search, progress: Progress, noise: RateNoise | None = None) -> Discovery:
    """What the network finds; with compositions and ``method`` auto or both, checked against all candidates."""
    started = time.monotonic()
    if not are_rates_at_states(balances):
        raise DataError("These balances are not production rates at states; this version learns from those only.")
    problem = scaled(balances, noise)
    stoichiometry, conserved = _stoichiometry(balances, problem, search)
    lack_of_fit = lack_of_fit_of_mass_action(problem, balances)
    check = _cross_check(balances, problem, stoichiometry, search)
    explained = check is not None and check.complete and search.method == "auto"
    asked, search = search, shortened(search) if lack_of_fit or explained else search
    solution, needed = solution_with_catalysts(problem, stoichiometry, search)
    finder = "network" if solution is None else "complexes"
    found = RowSearch(solution) if solution else _search(balances, problem, stoichiometry, search, progress)
    solution = found.solution
    if solution is None and found.votes:
        solution = solution_from_rows(problem, np.array(list(found.votes), dtype=float), search)
    finders = {finder: set(solution.fit.directions) if solution else set()}
    finders |= {"candidates": set(check.fit.directions)} if check else {}
    if check is not None and (solution is None or _better(check, solution)):
        solution = check
    without_catalysts = NOT_LOOKED_FOR if search.catalysts and finder == "network" else ""
    if solution is None:
        message = "No row came near whole numbers. Offer another number of reactions, more restarts or more time."
        if search.method == "candidates":
            message = "No set of the reactions that the elements allow explains these data."
        nothing = no_reactions(balances, asked, message, started, found=found, conserved=conserved)
        status, message = _with_lack_of_fit(nothing.status, nothing.message + without_catalysts, lack_of_fit)
        return replace(nothing, status=status, message=message)

    def found_by(direction: OneWayReaction) -> tuple[str, ...]:
        return tuple(name for name, directions in finders.items() if direction in directions)

    level = 0.0 if problem.noise.exact else problem.noise.relative
    status, message = _status(solution, check, found, balances, level, needed)
    message += without_catalysts if status == "unexplained-residual" else ""
    return discovered(
        balances,
        asked,
        *_with_lack_of_fit(status, message, lack_of_fit),
        started,
        reactions=learned_reactions(solution.fit, problem, balances.species, found_by),
        loss=solution.fit.misfit,
        noise=level,
        found=found,
        conserved=conserved,
    )


def _cross_check(balances: Balances, problem: Scaled, stoichiometry: Stoichiometry, search: Search) -> Solution | None:
    """What all candidates explain; None where they cannot, or are not asked."""
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
    fit = pruned(problem, directions, search, weakest=EXACT_MISFIT)
    complete = fit.misfit < EXACT_MISFIT and not too_many(fit, search)
    return Solution(fit, complete=complete) if complete or search.method == "candidates" else None


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
    balances: Balances, problem: Scaled, stoichiometry: Stoichiometry, search: Search, progress: Progress
) -> RowSearch:
    if search.method == "candidates":
        return RowSearch()
    from .candidates.network.adam import search_rows_with_adam  # torch takes longer to load than many searches
    from .candidates.network.training import search_rows

    if isinstance(search.optimizer, Adam):
        if search.reactions == "auto":
            raise StudyError("optimizer: adam needs the number of reactions; set reactions: to a number.")
        return search_rows_with_adam(balances, stoichiometry, search, search.optimizer, search.reactions, progress)
    return search_rows(problem, stoichiometry, search, search.optimizer, progress)


def _status(
    solution: Solution,
    check: Solution | None,
    found: RowSearch,
    balances: Balances,
    noise: float,
    needed: tuple[Complex, ...],
) -> tuple[str, str]:
    """The status and its sentence."""
    names = [s.name for s in balances.species]
    states, reactions = len(balances.concentrations), len(solution.fit.directions)
    others = check is not None and check.complete and _has_others(check, solution)
    status = status_from_network(
        interrupted=found.interrupted,
        states=states,
        reactions=reactions,
        complete=solution.complete,
        ambiguous=bool(solution.ambiguous) or others,
        needs_catalysts=bool(needed),
    )
    detail = f"{solution.fit.misfit:.2g}"
    if status == "undersampled":
        detail = f"{states} states are too few to distinguish {reactions} one-way reactions from others."
    elif status == "ambiguous" and solution.ambiguous:
        open_ = "; ".join(complex_text(y, names) for y in solution.ambiguous)
        detail = f"{open_} can react in more than one way"
    elif status == "ambiguous" and check is not None:
        equations = "; ".join(d.equation(names) for d in check.fit.directions)
        detail = f"among all candidates there are other ones, {equations}"
    elif status == "needs-catalysts":
        detail = reason_text(solution, needed, balances)
    level = "round-off" if noise == 0 else f"their noise, {100 * noise:.2g} % of the rates"
    return status, STATUSES[status].format(detail=detail, level=level) + same_rate_law_text(solution, balances)


def _with_lack_of_fit(status: str, message: str, lack_of_fit: str) -> tuple[str, str]:
    """The status where the data are not explained: that no mass-action mechanism could."""
    if not lack_of_fit or status not in WITHOUT_EXPLANATION:
        return status, message
    return "not-mass-action", STATUSES["not-mass-action"].format(detail=lack_of_fit) + f" {message}"


def _better(check: Solution, solution: Solution) -> bool:
    """Whether the candidates explain what the network does not, or at least more of it."""
    more = check.complete or check.fit.misfit < solution.fit.misfit
    return not solution.complete and more


def _has_others(check: Solution, solution: Solution) -> bool:
    """True if the cross-check has other reactions, and no more of them."""
    mine, theirs = ({d.rate_law for d in each.fit.directions} for each in (solution, check))
    return theirs != mine and len(theirs) <= len(mine)
