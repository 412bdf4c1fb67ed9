"""Two mechanisms side by side: which reactions both have, which only one, and how far their rate constants differ."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .arrays import Array
from .kinetics import broadening, log_equilibrium_constants
from .mechanism import Arrhenius, Falloff, Mechanism, Reaction, ThirdBody

_Side = frozenset[tuple[str, float]]
_Key = tuple[_Side, _Side, str, _Side]
_NOT_KINETICS = ("equation", "duplicate", "note", "id")
_ROUNDING = json.JSONDecoder(parse_float=lambda text: float(f"{float(text):.12g}"), parse_int=float)
"""Keeps twelve digits, so that the last ones, lost in a change of units, do not count."""
_ALONE, _COLLIDES, _FALLS_OFF = "", " + M", " (+M)"


@dataclass(frozen=True)
class Match:
    """A reaction, in one direction, that both mechanisms have.

    Parameters
    ----------
    equation : str
        With ``M`` for any collider.
    found_rate, known_rate : float or None
        Rate constants [kmol, m³, s], summed over the entries that mean this reaction; of a falloff reaction the
        high-pressure limit; None where a rate type is not modelled or the thermodynamics is unknown.
    error : float or None
        |found / known − 1|, of falloff reactions the largest of three: of both limits and of the rate constant halfway,
        where Pr = 1; zero where both carry the same rate of a type that is not modelled, None where they cannot be
        compared, such as one that falls off and one that does not.
    direction : str
        ``forward``; ``reverse`` where its opposite stands before it; ``both`` where only stoichiometry was compared.
    """

    equation: str
    found_rate: float | None
    known_rate: float | None
    error: float | None
    direction: str


@dataclass(frozen=True)
class Comparison:
    """What `compare` finds.

    Parameters
    ----------
    matched : tuple of Match
        In the order of the known mechanism.
    missing, spurious : tuple of str
        Equations that only the known, only the found mechanism has.
    max_relative_rate_error : float or None
        The largest error of the matches; None where there is none to compare.
    temperature : float
        Where rate constants were taken [K].
    """

    matched: tuple[Match, ...]
    missing: tuple[str, ...]
    spurious: tuple[str, ...]
    max_relative_rate_error: float | None
    temperature: float

    @property
    def exact(self) -> bool:
        """True if nothing is missing and nothing spurious, whatever the rate constants."""
        return not self.missing and not self.spurious

    def as_dict(self) -> dict[str, Any]:
        """As tuples, numbers and strings, for JSON."""
        return asdict(self) | {"exact": self.exact}


@dataclass
class _Half:
    """One direction of a reaction, summed over its entries: rates that we model, and definitions of those we do not.

    The rates are one rate constant, or three where the reaction falls off: the high-pressure limit, the low-pressure
    limit, and halfway.
    """

    equation: str
    rates: Array
    others: dict[str, float] = field(default_factory=dict)

    @property
    def constant(self) -> float | None:
        return None if self.others or not math.isfinite(self.rates[0]) else float(self.rates[0])

    @property
    def runs(self) -> bool:
        return bool(self.others) or bool(np.any(self.rates != 0.0))


def compare(
    found: Mechanism, known: Mechanism, *, temperature: float | None = None, stoichiometry: bool = False
) -> Comparison:
    """Compare a mechanism with the known one, direction by direction.

    Entries that are duplicates, or that differ only in their collider, count as one, and their rate constants add.
    A species that stands on both sides belongs to the reaction, unless Cantera takes it for a collider: the only such
    species, with three molecules on either side. ``A <=> B`` equals its two one-way halves; a direction of rate zero
    is none. The order of entries and species has no meaning, and the two may list different species. A falloff
    reaction is one of its own, distinct from the same with ``M`` or without; where the other mechanism has only such a
    one, they match without an error, for each is a limit of the other at some pressure only.

    Parameters
    ----------
    found, known : Mechanism
        What was learnt, and what it should be.
    temperature : float, optional
        Where rate constants are compared [K]; that of the found mechanism's state if absent.
    stoichiometry : bool
        Compare net stoichiometric vectors only, up to their sign.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Species
    >>> species = (Species("A"), Species("B"))
    >>> both = Mechanism(species, (Reaction({"A": 1}, {"B": 1}, Arrhenius(2.0), reverse_rate=Arrhenius(1.0)),))
    >>> one = Mechanism(species, (Reaction({"A": 1}, {"B": 1}, Arrhenius(2.2)),))
    >>> compare(one, both).missing, round(compare(one, both).max_relative_rate_error, 12)
    (('B => A',), 0.1)
    """
    at = found.temperature if temperature is None else float(temperature)
    with np.errstate(over="ignore"):  # far from any chemistry; such rates have no error
        ours, theirs = _halves(found, at), _halves(known, at)
    ours, theirs = (_by_net(ours), _by_net(theirs)) if stoichiometry else (_under_keys_of(theirs, ours), theirs)
    matched = []
    seen: set[_Key] = set()
    for key, half in theirs.items():
        if key in ours:
            direction = "both" if stoichiometry else "reverse" if _opposite(key) in seen else "forward"
            error = _error(ours[key], half)
            matched.append(Match(half.equation, ours[key].constant, half.constant, error, direction))
        seen.add(key)
    errors = [match.error for match in matched if match.error is not None]
    return Comparison(
        matched=tuple(matched),
        missing=_equations({key: half for key, half in theirs.items() if key not in ours}),
        spurious=_equations({key: half for key, half in ours.items() if key not in theirs}),
        max_relative_rate_error=max(errors) if errors else None,
        temperature=at,
    )


def comparison_text(comparison: Comparison) -> str:
    """The comparison as aligned plain text, with one line that sums it up."""
    rows: list[tuple[str, ...]] = [("reaction", "found", "known", "error")]
    for match in comparison.matched:
        numbers = (match.found_rate, match.known_rate, match.error)
        texts = tuple("-" if x is None else f"{x:.{digits}g}" for x, digits in zip(numbers, (6, 6, 2), strict=True))
        rows.append((match.equation, *texts))
    rows += [(equation, "missing", "", "") for equation in comparison.missing]
    rows += [(equation, "spurious", "", "") for equation in comparison.spurious]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = ["  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    worst = comparison.max_relative_rate_error
    rate = "" if worst is None else f"; largest relative rate error {worst:.2g} at {comparison.temperature:g} K"
    outcome = "The same reactions" if comparison.exact else "Not the same reactions"
    lists = {"matched": comparison.matched, "missing": comparison.missing, "spurious": comparison.spurious}
    counts = ", ".join(f"{len(items)} {name}" for name, items in lists.items())
    return "\n".join([*lines, f"{outcome}: {counts}{rate}."])


def same_but_for_case(found: Mechanism, known: Mechanism) -> list[tuple[str, str]]:
    """Species that each have a namesake in the other mechanism with other capitals.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Species
    >>> same_but_for_case(Mechanism((Species("oh"), Species("H")), ()), Mechanism((Species("OH"), Species("H")), ()))
    [('oh', 'OH')]
    """
    others = {name.lower(): name for name in known.species_names if name not in found.species_names}
    lone = [name for name in found.species_names if name not in known.species_names]
    return [(name, others[name.lower()]) for name in lone if name.lower() in others]


def _halves(mechanism: Mechanism, temperature: float) -> dict[_Key, _Half]:
    halves: dict[_Key, _Half] = {}
    equilibrium = log_equilibrium_constants(mechanism, temperature)
    for i, reaction in enumerate(mechanism.reactions):
        reactants, products, collides = _without_collider(reaction)
        changed = {n: o for n, o in (reaction.orders or {}).items() if o != reaction.reactants.get(n, 0)}
        sides = frozenset(reactants.items()), frozenset(products.items())
        forward: _Key = (*sides, collides, frozenset(changed.items()))
        reverse = _opposite(forward)
        _add(halves.setdefault(forward, _half(reactants, products, collides)), reaction, 1.0, temperature)
        if reaction.reversible or reaction.reverse_rate is not None:
            back = halves.setdefault(reverse, _half(products, reactants, collides))
            if reaction.reverse_rate is not None:
                back.rates[0] += float(reaction.reverse_rate.at(temperature))
            else:
                _add(back, reaction, float(np.exp(np.minimum(-equilibrium[i], 690.0))), temperature)
    return {key: half for key, half in halves.items() if half.runs}


def _half(reactants: Mapping[str, float], products: Mapping[str, float], collides: str) -> _Half:
    return _Half(_reaction(reactants, products, collides).equation, np.zeros(3 if collides == _FALLS_OFF else 1))


def _under_keys_of(theirs: Mapping[_Key, _Half], ours: Mapping[_Key, _Half]) -> dict[_Key, _Half]:
    """Ours, those that they lack under the key of the same reaction that falls off, or does not, where we lack that."""
    result: dict[_Key, _Half] = {}
    for key, half in ours.items():
        reactants, products, collides, orders = key
        for other in (_ALONE, _COLLIDES) if collides == _FALLS_OFF else (_FALLS_OFF,):
            renamed = (reactants, products, other, orders)
            if key not in theirs and renamed in theirs and renamed not in ours and renamed not in result:
                key = renamed
        result[key] = half
    return result


def _add(half: _Half, reaction: Reaction, factor: float, temperature: float) -> None:
    if reaction.rate is not None:
        high = factor * float(reaction.rate.at(temperature))
        if reaction.falloff is None:
            half.rates += high
        else:
            low = factor * float(reaction.falloff.low.at(temperature))
            half.rates += (high, low, 0.5 * high * float(broadening(reaction.falloff, temperature, 1.0)))
        return
    definition = {key: value for key, value in (reaction.definition or {}).items() if key not in _NOT_KINETICS}
    text = json.dumps(_ROUNDING.decode(json.dumps(definition, default=str)), sort_keys=True)
    half.others[text] = half.others.get(text, 0.0) + factor


def _error(found: _Half, known: _Half) -> float | None:
    """Largest relative difference of what can be compared; None if anything cannot."""
    if found.others.keys() != known.others.keys() or found.rates.shape != known.rates.shape:
        return None
    pairs = [(found.others[text], known.others[text]) for text in known.others]
    pairs += [(float(a), float(b)) for a, b in zip(found.rates, known.rates, strict=True) if a or b]
    if not all(math.isfinite(a) and math.isfinite(b) and b != 0.0 for a, b in pairs):
        return None
    return max(abs(a / b - 1.0) for a, b in pairs)


def _without_collider(reaction: Reaction) -> tuple[dict[str, float], dict[str, float], str]:
    """Both sides without the collision partner, and what stands for it."""
    reactants = {name: float(n) for name, n in reaction.reactants.items() if n}
    products = {name: float(n) for name, n in reaction.products.items() if n}
    if reaction.third_body is not None:
        return reactants, products, _COLLIDES if reaction.falloff is None else _FALLS_OFF
    if reaction.rate is None:
        falls_off = re.search(r"\s\(\+[^)]+\)", reaction.equation) is not None
        collides = re.search(r"\+ M(\s|$)", reaction.equation) is not None
        return reactants, products, _FALLS_OFF if falls_off else _COLLIDES if collides else _ALONE
    on_both = [name for name in reactants if name in products]
    whole = all(n.is_integer() for n in (*reactants.values(), *products.values()))
    three = 3.0 in (sum(reactants.values()), sum(products.values()))
    if len(on_both) != 1 or not whole or not three or reaction.orders:
        return reactants, products, _ALONE
    partner = on_both[0]
    if min(reactants[partner], products[partner]) > 1:
        return reactants, products, _ALONE
    for side in (reactants, products):
        side[partner] -= 1.0
    return {n: v for n, v in reactants.items() if v}, {n: v for n, v in products.items() if v}, _COLLIDES


def _opposite(key: _Key) -> _Key:
    return key[1], key[0], key[2], frozenset()


def _reaction(reactants: Mapping[str, float], products: Mapping[str, float], collides: str) -> Reaction:
    one = Arrhenius(1.0)
    body = ThirdBody() if collides else None
    return Reaction(reactants, products, one, third_body=body, falloff=Falloff(one) if collides == _FALLS_OFF else None)


def _equations(halves: Mapping[_Key, _Half]) -> tuple[str, ...]:
    """Their equations, opposite directions as one."""
    equations = []
    written: set[_Key] = set()
    for key, half in halves.items():
        opposite = _opposite(key)
        if key not in written:
            pair = opposite in halves and opposite != key
            equations.append(half.equation.replace(" => ", " <=> ") if pair else half.equation)
            written |= {opposite} if pair else set()
    return tuple(equations)


def _by_net(halves: Mapping[_Key, _Half]) -> dict[_Key, _Half]:
    """Net stoichiometric vectors, their first species by name counted as used up, without rate constants."""
    vectors: dict[_Key, _Half] = {}
    for reactants, products, _, _ in halves:
        change = dict(sorted(_reaction(dict(reactants), dict(products), _ALONE).net.items()))
        if change:
            orientation = -math.copysign(1.0, next(iter(change.values())))
            net = frozenset((name, orientation * value) for name, value in change.items())
            used = {name: -value for name, value in change.items() if value < 0}
            made = {name: value for name, value in change.items() if value > 0}
            equation = _reaction(used, made, _ALONE).equation.replace(" => ", " <=> ")
            vectors.setdefault((net, frozenset(), _ALONE, frozenset()), _Half(equation, np.full(1, np.nan)))
    return vectors
