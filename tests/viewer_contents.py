"""What the viewer is given: fluxes of atoms through an ignition, by Cantera, and contents for hard cases."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

import cantera as ct
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Content = dict[str, Any]


def ignition_content(
    mechanism: str, fuel: str, mixture: str, *, temperature: float = 1500.0, frames: int = 12, duration: float = 2e-3
) -> Content:
    """States at even steps of the solver's progress through the run, then the integral over all of it."""
    gas = ct.Solution(mechanism)
    gas.TPX = temperature, ct.one_atm, mixture
    times, temperatures, concentrations, forward, reverse = _run(gas, duration)
    picked = np.unique(np.linspace(1, len(times) - 1, frames).round().astype(int))
    start = concentrations[0, gas.species_index(fuel)]
    conversion = 1 - concentrations[:, gas.species_index(fuel)] / start

    def with_integral(values: Array) -> Array:
        return np.vstack([values[picked], np.trapezoid(values, times, axis=0)])

    forward, reverse = with_integral(forward), with_integral(reverse)
    shown = [
        {"label": f"t = {1e3 * times[i]:.4g} ms", "time": times[i], "conversion": conversion[i], "temperature": t}
        for i, t in zip(picked, temperatures[picked], strict=True)
    ]
    last = {"time": times[-1], "conversion": conversion[-1], "temperature": temperatures[-1]}
    concentrations = np.vstack([concentrations[picked], concentrations[-1]])
    return {
        "title": f"{fuel} ignition at {temperature:g} K",
        "mechanism": mechanism,
        "elements": gas.element_names,
        "frames": [*shown, {"label": "whole run", **last}],
        "species": [
            {
                "name": each.name,
                "composition": each.composition,
                "molar_mass": float(each.molecular_weight),
                "concentration": concentrations[:, i].tolist(),
            }
            for i, each in enumerate(gas.species())
        ],
        "reactions": [_reaction(gas, i, forward[:, i], reverse[:, i]) for i in range(gas.n_reactions)],
        "fluxes": {element: _fluxes(gas, element, forward - reverse) for element in gas.element_names},
        "fuel": fuel,
    }


def _run(gas: ct.Solution, duration: float) -> tuple[Array, Array, Array, Array, Array]:
    reactor = ct.IdealGasReactor(gas, clone=False)
    net = ct.ReactorNet([reactor])
    rows: list[tuple[float, float, Array, Array, Array]] = []
    while not rows or net.time < duration:
        if rows:
            net.step()
        rates = gas.forward_rates_of_progress, gas.reverse_rates_of_progress
        rows.append((net.time, gas.T, gas.concentrations, *rates))
    times, temperatures, concentrations, forward, reverse = (np.array(column) for column in zip(*rows, strict=True))
    return times, temperatures, concentrations, forward, reverse


def _reaction(gas: ct.Solution, index: int, forward: Array, reverse: Array) -> dict[str, Any]:
    reaction = gas.reaction(index)
    return {
        "equation": reaction.equation,
        "type": reaction.reaction_type,
        "rate": str(reaction.input_data.get("rate-constant", reaction.input_data.get("type", ""))),
        "reactants": [[gas.species_index(name), n] for name, n in reaction.reactants.items()],
        "products": [[gas.species_index(name), n] for name, n in reaction.products.items()],
        "forward": forward.tolist(),
        "reverse": reverse.tolist(),
    }


def _fluxes(gas: ct.Solution, element: str, net: Array) -> list[list[Any]]:
    """Atoms of a reactant go to the products in proportion to the atoms that these hold."""
    atoms = [gas.n_atoms(name, element) for name in gas.species_names]
    flux: dict[tuple[int, int], Array] = defaultdict(lambda: np.zeros(len(net)))
    parts: dict[tuple[int, int], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for index, reaction in enumerate(gas.reactions()):
        sides = [
            [(gas.species_index(name), n * atoms[gas.species_index(name)]) for name, n in side.items()]
            for side in (reaction.reactants, reaction.products)
        ]
        total = sum(n for _, n in sides[0])
        for a, from_a in sides[0]:
            for b, to_b in sides[1]:
                if a != b and from_a and to_b:
                    pair, sign = ((a, b), 1.0) if a < b else ((b, a), -1.0)
                    change = sign * net[:, index] * from_a * to_b / total
                    flux[pair] += change
                    parts[pair][index] += abs(float(change[-1]))
    return [[a, b, values.tolist(), _shares(parts[a, b])] for (a, b), values in sorted(flux.items()) if np.any(values)]


def _shares(parts: dict[int, float]) -> list[list[float]]:
    whole = sum(parts.values()) or 1.0
    return [[index, part / whole] for index, part in sorted(parts.items(), key=lambda item: -item[1])]


def large_content(species: int, reactions: int, frames: int) -> Content:
    """Numbers of the size of a large mechanism's, drawn at random: A + B => C + D."""
    random = np.random.default_rng(0)
    ends = random.integers(0, species, (reactions, 4))
    rates = np.exp(random.normal(0, 4, (reactions, 1)) + random.normal(0, 0.5, (reactions, frames)))
    fluxes = {
        tuple(sorted(map(int, row[:2]))): [rate.tolist(), [[i, 1.0]]]
        for i, (row, rate) in enumerate(zip(ends, rates, strict=True))
    }
    return {
        "title": "large", "mechanism": "large.yaml", "elements": ["C"], "fuel": "S0",
        "frames": [
            {"label": f"t = {i} s", "time": float(i), "conversion": None, "temperature": 1e3} for i in range(frames)
        ],
        "species": [
            {"name": f"S{i}", "composition": {"C": 1}, "molar_mass": 12.0, "concentration": [1.0] * frames}
            for i in range(species)
        ],
        "reactions": [
            {"equation": f"S{a} + S{b} => S{c} + S{d}", "type": "Arrhenius", "rate": "1",
             "reactants": [[int(a), 1], [int(b), 1]], "products": [[int(c), 1], [int(d), 1]],
             "forward": rate.tolist(), "reverse": [0.0] * frames}
            for (a, b, c, d), rate in zip(ends, rates, strict=True)
        ],
        "fluxes": {"C": [[a, b, *rest] for (a, b), rest in fluxes.items() if a != b]},
    }  # fmt: skip


def changed(content: Content, path: str, value: Any) -> Content:
    """A copy with another value at the path, such as ``species.2.name``, or without it where the value is None."""
    broken = copy.deepcopy(content)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    part: Any = broken
    for step in steps:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return broken
