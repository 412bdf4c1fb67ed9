"""Every reaction that the elements allow: pairs of complexes with the same atoms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, islice

import numpy as np

from ...chemistry.arrays import Array, Integers
from ...chemistry.conservation import element_matrix
from ...chemistry.mechanism import Species
from ...chemistry.one_way import Complex, OneWayReaction
from ...data.noise.rate_noise import all_complexes
from ...errors import DataError
from ..settings import Search

MOST_CANDIDATES = 60_000


def candidate_reactions(species: Sequence[Species], smaller: int = 2, larger: int = 2) -> Integers:
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
        Products less reactants. Multiples are reactions of their own: they are of another order.

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
    found = list(islice(balanced_changes(element_matrix(species)[1], smaller, larger), MOST_CANDIDATES + 1))
    if len(found) > MOST_CANDIDATES:
        raise DataError(
            f"More than {MOST_CANDIDATES} candidate reactions balance {len(species)} species. Observe fewer "
            "species, or use method: network."
        )
    return np.array(found, dtype=np.int64).reshape(len(found), len(species))


def balanced_changes(atoms: Array, smaller: int, larger: int) -> Iterator[Complex]:
    """Net vectors that conserve ``atoms``, shape (elements, S); all where there are none.

    One for the two directions of each pair of complexes that have no species in common.
    """
    groups: dict[tuple[float, ...], list[Integers]] = defaultdict(list)
    for complex_ in np.array(all_complexes(atoms.shape[1], larger)):
        groups[tuple(atoms @ complex_)].append(complex_)
    for complexes in groups.values():
        for left, right in combinations(complexes, 2):
            net = right - left
            apart = not np.any(left * right) and min(left.sum(), right.sum()) <= smaller
            if apart:
                yield tuple(net.tolist())


def conserves_elements(species: Sequence[Species], search: Search) -> bool:
    """Whether reactions must balance by compositions: where asked for, or where all are known and nothing is asked."""
    known = all(one.composition for one in species)
    return search.conserve == "elements" or (search.conserve == "auto" and known)


def whole_tuples(rows: Array | Integers) -> tuple[Complex, ...]:
    """Rows near whole numbers, shape (R, S), as tuples of whole numbers."""
    return tuple(map(tuple, np.rint(rows).astype(int).tolist()))


def both_directions(row: Array | Integers) -> tuple[OneWayReaction, OneWayReaction]:
    """The reactions of a whole net vector, shape (S,): as it is written, and reversed."""
    forward = OneWayReaction(*whole_tuples(np.maximum([-row, row], 0)))
    return forward, forward.reverse
