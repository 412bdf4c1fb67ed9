"""Networks with the same dynamics: a reaction replaced by a mixture of others with the same reactants.

What a reactant complex y makes is Σ k_p (p − y). A product complex p that lies between others q, p = Σ λ_q q with
λ ≥ 0 and Σ λ = 1, can give its rate constant to them, k_q = λ_q k: every state changes as before [1]_, [2]_.

References
----------
.. [1] G. Craciun, C. Pantea, "Identifiability of chemical reaction networks", J. Math. Chem. 44, 244-259 (2008).
   https://doi.org/10.1007/s10910-007-9307-x
.. [2] G. Szederkényi, K. M. Hangos, T. Péni, "Maximal and minimal realizations of reaction kinetic systems:
   computation and properties", MATCH Commun. Math. Comput. Chem. 65, 309-332 (2011).
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np

from ...chemistry.arrays import Array, Integers
from ...chemistry.one_way import Complex, OneWayReaction
from ...discovery.candidates.network.stoichiometry import Stoichiometry

Mixture = tuple[tuple[Complex, float], ...]

LARGEST_MIXTURE = 3
MINIMUM_PART = 1e-9


def mixtures(direction: OneWayReaction, stoichiometry: Stoichiometry) -> list[Mixture]:
    """Smallest sets of other products, with their parts, between which those of a direction lie; the simplest first.

    Parameters
    ----------
    direction : OneWayReaction
        A one-way reaction.
    stoichiometry : Stoichiometry
        Which net rows are admitted.

    Examples
    --------
    >>> from mechlearn.discovery.candidates.network.stoichiometry import free_rows
    >>> mixtures(OneWayReaction((1, 0, 0), (0, 1, 1)), free_rows(3))[0]
    (((0, 0, 2), 0.5), ((0, 2, 0), 0.5))
    """
    target = np.array(direction.products)
    others = _candidates(np.array(direction.reactants), target, stoichiometry)
    made = np.flatnonzero(target)
    found: list[Mixture] = []
    for count in range(2, min(LARGEST_MIXTURE, len(made) + 1) + 1):
        for chosen in combinations(others, count):
            parts = _parts(np.array(chosen)[:, made], target[made])
            if parts is not None:
                found.append(tuple(zip(chosen, parts.tolist(), strict=True)))
    return sorted(found, key=_size)


def _size(mixture: Mixture) -> tuple[int, int, int, Mixture]:
    """Few products with few molecules count as simple."""
    molecules = [sum(products) for products, _ in mixture]
    return len(mixture), max(molecules), sum(molecules), mixture


def _candidates(reactants: Integers, target: Integers, stoichiometry: Stoichiometry) -> list[Complex]:
    """Products of the same species that may stand opposite these reactants."""
    made = np.flatnonzero(target)
    choices = np.array(list(product(range(stoichiometry.max_coefficient + 1), repeat=len(made))))
    whole = np.zeros((len(choices), len(target)), dtype=np.int64)
    whole[:, made] = choices
    whole = whole[whole.any(axis=1) & (whole != target).any(axis=1)]
    whole = whole[whole.sum(axis=1) <= stoichiometry.max_order]
    allowed = stoichiometry.admits((whole - reactants).astype(float)) if len(whole) else np.zeros(0, dtype=bool)
    return [tuple(int(n) for n in row) for row in whole[allowed]]


def _parts(points: Integers, target: Integers) -> Array | None:
    """Parts, all above zero, with which the points average to the target; None where there are none."""
    matrix = np.vstack([points.T, np.ones(len(points))]).astype(float)
    if np.linalg.matrix_rank(matrix) < len(points):
        return None
    goal = np.append(target, 1.0)
    parts = np.linalg.lstsq(matrix, goal, rcond=None)[0]
    exact = np.abs(matrix @ parts - goal).max() < 1e-9
    return np.asarray(parts) if exact and parts.min() > MINIMUM_PART else None
