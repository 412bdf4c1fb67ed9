"""What a mechanism conserves: elements where compositions are known, moieties found in the reactions where not.

Letters in shapes: E elements, L laws, R reactions, S species.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog

from ..errors import BalanceError
from .arrays import Array, Integers
from .mechanism import Mechanism, Species

_MOST_RAYS = 400
_LARGEST_DENOMINATOR = 1000
_BALANCE_TOLERANCE = 1e-4


def element_matrix(species: Sequence[Species]) -> tuple[tuple[str, ...], Array]:
    """Atoms of each element in each species.

    Returns
    -------
    tuple of (tuple of str, array of shape (E, S))
        Elements in the order in which they first appear, and their numbers of atoms.

    Examples
    --------
    >>> elements, atoms = element_matrix([Species("H2O", {"H": 2, "O": 1}), Species("O2", {"O": 2})])
    >>> elements, atoms.tolist()
    (('H', 'O'), [[2.0, 0.0], [1.0, 2.0]])
    """
    elements = tuple(dict.fromkeys(element for one in species for element in one.composition))
    atoms = [[float(one.composition.get(element, 0.0)) for one in species] for element in elements]
    return elements, np.array(atoms).reshape(len(elements), len(species))


def conservation_laws(net: ArrayLike) -> Integers:
    """Non-negative whole-number conservation laws m of a network, with net @ m = 0.

    Extreme rays of the cone of such laws, the ones of few species first, as many as are independent. They are the
    moieties of the network, and each species that is in any law is in one of these.

    Parameters
    ----------
    net : array, shape (R, S)
        Products less reactants.

    Returns
    -------
    array of int, shape (L, S)
        In the order of the first species in each law; L is zero where nothing is conserved.

    Notes
    -----
    Rays come from Fourier-Motzkin elimination in whole numbers; where that grows beyond some hundred rays, from
    linear programs, one for each species.

    References
    ----------
    .. [1] S. Schuster, T. Höfer, "Determining all extreme semi-positive conservation relations in chemical reaction
       systems", J. Chem. Soc. Faraday Trans. 87 (1991) 2561. https://doi.org/10.1039/FT9918702561

    Examples
    --------
    The enzyme and the substrate of E + S => ES, ES => E + P:

    >>> conservation_laws([[-1, -1, 1, 0], [1, 0, -1, 1]]).tolist()
    [[1, 0, 1, 0], [0, 1, 1, 1]]
    """
    rows = np.atleast_2d(np.asarray(net, dtype=float))
    count = rows.shape[1]
    whole = list(dict.fromkeys(_whole(row) for row in rows if np.any(row)))
    rays = _rays_by_elimination(whole, count)
    if rays is None:
        rays = list(_rays_by_programs(whole, count))
    chosen: list[tuple[int, ...]] = []
    for ray in sorted(set(rays), key=lambda ray: (sum(m > 0 for m in ray), sum(ray), tuple(-m for m in ray))):
        if np.linalg.matrix_rank(np.array([*chosen, ray], dtype=float)) > len(chosen):
            chosen.append(ray)
    chosen.sort(key=lambda ray: tuple(-m for m in ray))
    return np.array(chosen, dtype=np.int64).reshape(len(chosen), count)


def masses(mechanism: Mechanism) -> Integers:
    """Positive whole-number masses of the species that every reaction conserves, shape (S,).

    Raises
    ------
    BalanceError
        If there are none: some reactions together make matter from nothing.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Reaction
    >>> masses(Mechanism((Species("A"), Species("B")), (Reaction({"A": 2}, {"B": 1}, Arrhenius(1.0)),))).tolist()
    [1, 2]
    """
    total = np.asarray(conservation_laws(mechanism.net).sum(axis=0), dtype=np.int64)
    if np.any(total == 0):
        raise BalanceError(_nothing_conserved(mechanism, total))
    return total


def unbalanced(mechanism: Mechanism) -> list[str]:
    """What each reaction that does not conserve the elements gains or loses; empty if all do.

    Every reaction is looked at, also those with a third body, which Cantera does not check. A species without
    composition counts as having no atoms; where no species has one, nothing is said.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Reaction
    >>> species = (Species("A", {"C": 2}), Species("B", {"C": 3}))
    >>> unbalanced(Mechanism(species, (Reaction({"A": 2}, {"B": 1}, Arrhenius(1.0)),)))
    ['2 A => B does not conserve C (4 in, 3 out)']
    """
    elements, atoms = element_matrix(mechanism.species)
    entering, leaving = mechanism.reactants @ atoms.T, mechanism.products @ atoms.T
    wrong = np.abs(leaving - entering) > _BALANCE_TOLERANCE * np.maximum(np.abs(entering), np.abs(leaving))
    messages = []
    for i in np.flatnonzero(wrong.any(axis=1)):
        changes = [f"{elements[j]} ({entering[i, j]:g} in, {leaving[i, j]:g} out)" for j in np.flatnonzero(wrong[i])]
        messages.append(f"{mechanism.reactions[i].equation} does not conserve {', '.join(changes)}")
    return messages


def _whole(row: Array) -> tuple[int, ...]:
    """The row in the smallest whole numbers of the same ratio."""
    return _primitive([Fraction(float(value)).limit_denominator(_LARGEST_DENOMINATOR) for value in row])


def _primitive(values: Sequence[Fraction | int]) -> tuple[int, ...]:
    scale = lcm(*(value.denominator for value in values))
    numbers = [int(value * scale) for value in values]
    divisor = gcd(*numbers) or 1
    return tuple(number // divisor for number in numbers)


def _rays_by_elimination(net: list[tuple[int, ...]], count: int) -> list[tuple[int, ...]] | None:
    """All extreme rays of {m ≥ 0, net m = 0}, or None where there are too many on the way."""
    unit = [tuple(int(i == j) for j in range(count)) for i in range(count)]
    rays = [(law, tuple(row[j] for row in net)) for j, law in enumerate(unit)]
    left = set(range(len(net)))
    while left:
        signs = {k: ([r for r in rays if r[1][k] > 0], [r for r in rays if r[1][k] < 0]) for k in left}
        k = min(left, key=lambda k: (len(signs[k][0]) * len(signs[k][1]), k))
        left.remove(k)
        gain, loss = signs[k]
        if len(gain) * len(loss) > _MOST_RAYS**2 // 4:
            return None
        mixed = [_mixture(up, down, k) for up in gain for down in loss]
        rays = _smallest([ray for ray in rays if ray[1][k] == 0] + mixed)
        if len(rays) > _MOST_RAYS:
            return None
    return [law for law, _ in rays]


_Ray = tuple[tuple[int, ...], tuple[int, ...]]


def _mixture(up: _Ray, down: _Ray, k: int) -> _Ray:
    """The positive mixture of two rays that reaction ``k`` leaves unchanged."""
    first, second = -down[1][k], up[1][k]
    whole = _primitive([first * a + second * b for a, b in zip(up[0] + up[1], down[0] + down[1], strict=True)])
    return whole[: len(up[0])], whole[len(up[0]) :]


def _smallest(rays: list[_Ray]) -> list[_Ray]:
    """Those rays whose species are not all, and more, those of another ray."""
    kept: dict[int, _Ray] = {}
    supports = [(sum(1 << j for j, m in enumerate(law) if m), (law, rest)) for law, rest in rays]
    for support, ray in sorted(supports, key=lambda item: item[0].bit_count()):
        if not any(other & support == other for other in kept):
            kept[support] = ray
    return list(kept.values())


def _rays_by_programs(net: list[tuple[int, ...]], count: int) -> Iterator[tuple[int, ...]]:
    """Extreme rays that hold each species with the least else, and some more drawn at random."""
    rank = np.linalg.matrix_rank(np.array(net, dtype=float)) if net else 0
    generator = np.random.default_rng(0)
    found: list[tuple[int, ...]] = []
    for trial in range(10 * count):
        if trial >= count and (np.linalg.matrix_rank(np.array(found, dtype=float)) if found else 0) >= count - rank:
            return
        cost = np.ones(count) if trial < count else generator.uniform(0.1, 1.0, count)
        pick = np.eye(count)[trial % count]
        answer = linprog(cost, A_eq=np.vstack([net, pick]), b_eq=[0.0] * len(net) + [1.0], method="highs-ds")
        if answer.x is None:
            continue
        law = _whole(np.where(answer.x > 1e-9, answer.x, 0.0))
        if not any(sum(n * m for n, m in zip(row, law, strict=True)) for row in net):
            found.append(law)
            yield law


def _nothing_conserved(mechanism: Mechanism, total: Integers) -> str:
    """Name the reactions that, run forwards or backwards together, make matter from nothing."""
    net = mechanism.net
    answer = linprog(-net.sum(axis=1), A_ub=-net.T, b_ub=np.zeros(net.shape[1]), bounds=(-1.0, 1.0))
    names = ", ".join(name for name, m in zip(mechanism.species_names, total, strict=True) if m == 0)
    amounts = np.zeros(len(net)) if answer.x is None else answer.x
    part = [r.equation for r, y in zip(mechanism.reactions, amounts, strict=True) if abs(y) > 1e-9][:6]
    together = f"{part[0]} makes" if len(part) == 1 else f"{'; '.join(part)} together make"
    return (
        f"{together} matter from nothing: no positive masses of {names} satisfy "
        f"{'it' if len(part) == 1 else 'them'}, and Cantera needs species that have a mass. "
        "Give compositions, or add the species that is used up."
    )
