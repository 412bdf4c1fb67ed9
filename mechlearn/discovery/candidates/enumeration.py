"""Every reaction that the elements allow: pairs of complexes with the same atoms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from ...chemistry.conservation import element_matrix
from ...chemistry.mechanism import Species
from ...errors import DataError

MOST_CANDIDATES = 60_000


def candidate_reactions(species: Sequence[Species], smaller: int = 2, larger: int = 2) -> NDArray[np.int64]:
    """Net vectors of all balanced reactions without a species on both sides, one for the two directions of each.

    Parameters
    ----------
    species : sequence of Species
        All with compositions.
    smaller, larger : int
        Most molecules on the side that has fewer, and on the other.

    Returns
    -------
    array of int, shape (R, S)
        Products less reactants, coefficients without a common factor.

    Raises
    ------
    DataError
        If a composition is unknown, or there are more than `MOST_CANDIDATES`.

    Examples
    --------
    >>> hydrogen = [Species("H", {"H": 1}), Species("H2", {"H": 2})]
    >>> candidate_reactions(hydrogen).tolist()
    [[2, -1]]
    """
    bare = [one.name for one in species if not one.composition]
    if bare:
        raise DataError(f"The composition of {bare[0]} is unknown, so candidate reactions cannot be listed. Give it.")
    atoms = element_matrix(species)[1].T
    groups: dict[tuple[float, ...], list[NDArray[np.int64]]] = defaultdict(list)
    for count in range(1, larger + 1):
        for members in combinations_with_replacement(range(len(species)), count):
            complex_ = np.bincount(members, minlength=len(species))
            groups[tuple(complex_ @ atoms)].append(complex_)
    found: dict[tuple[int, ...], None] = {}
    for complexes in groups.values():
        for left, right in combinations(complexes, 2):
            if np.any(left * right) or min(left.sum(), right.sum()) > smaller:
                continue
            net = right - left
            if np.gcd.reduce(net) == 1:
                found[tuple(int(n) for n in net)] = None
        if len(found) > MOST_CANDIDATES:
            raise DataError(
                f"More than {MOST_CANDIDATES} candidate reactions balance {len(species)} species. Observe fewer "
                "species, or use method: network."
            )
    return np.array(list(found), dtype=np.int64).reshape(len(found), len(species))
