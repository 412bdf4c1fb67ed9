"""What the pathway viewer shows, as plain lists, texts and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...pathways.fluxes import is_round_off, transfers
from ...pathways.rates_of_progress import History, RatesOfProgress
from ..style import time_text

Array = NDArray[np.float64]

MOST_FRAMES = 60
MOST_RATES = 120_000
"""Reactions times frames: large mechanisms get fewer frames, so that the page stays small."""
LEAST_PART = 1e-6
MOST_SHARES = 5


def viewer_content(history: History, *, fuel: str | None = None, title: str = "") -> dict[str, Any]:
    """A run's fluxes of every element, for the pathway viewer.

    Parameters
    ----------
    history : History
        From `progress_history`; a time history.
    fuel : str, optional
        The species whose conversion is shown. Where absent: the one that loses most atoms of carbon over the run, or of
        hydrogen where there is no carbon.
    title : str
        Of the page; the mechanism's name and the run's, if empty.

    Returns
    -------
    dict
        ``title``, ``mechanism``, ``elements``, ``fuel``; ``frames``, up to 60 states of the run and, last, the whole
        run: ``label``, ``time`` [s], ``conversion`` or None, ``temperature`` [K]; ``species``: ``name``,
        ``composition``, ``molar_mass`` [kg/kmol], ``concentration`` [kmol/m³] in each frame; ``reactions``:
        ``equation``, ``type``, ``rate``, ``reactants`` and ``products`` as pairs (index, coefficient), ``forward`` and
        ``reverse`` [kmol/m³/s] in each frame, [kmol/m³] in the last; ``fluxes``: for each element lists of source,
        target, net flux in each frame, negative where it runs from target to source, and pairs of a reaction's index
        and its share in the whole run, the five largest. Numbers have four digits. Fluxes that are nowhere a millionth
        of the frame's largest are left out.

    Raises
    ------
    StudyError
        If the fuel is no species of the mechanism, or there is none of it at first.
    DataError
        If the run is no time history.

    Examples
    --------
    >>> from mechlearn import Study, simulate
    >>> from mechlearn.pathways.recording import progress_history
    >>> source = {"mechanism": "h2o2.yaml", "temperature": 1500, "pressure": "1 atm", "initial": {"X": "H2:2, O2:1"}}
    >>> runs = simulate(Study(source={**source, "times": {"end": "30 us", "count": 4}}))
    >>> content = viewer_content(progress_history("h2o2.yaml", runs))
    >>> content["fuel"], [frame["label"] for frame in content["frames"]]
    ('H2', ['t = 0 s', 't = 10 µs', 't = 20 µs', 't = 30 µs', 'whole run'])
    """
    network, whole = history.network, history.over()
    name = fuel if fuel is not None else _fuel(history)
    conversion = None if name is None else history.conversion(name)
    states = _states(history, conversion)
    parts = [*(history.at(state=int(k)) for k in states), whole]
    forward, reverse = np.array([p.forward for p in parts]).T, np.array([p.reverse for p in parts]).T
    concentrations = np.array([p.concentrations for p in parts]).T
    return {
        "title": title or f"{network.name}, {history.run.name}",
        "mechanism": network.name,
        "elements": list(network.elements),
        "fuel": name,
        "frames": _frames(parts, None if conversion is None else [*conversion[states], conversion[-1]]),
        "species": [
            {
                "name": species,
                "composition": {element: _plain(count) for element, count in network.composition(j).items()},
                "molar_mass": float(f"{network.molar_masses[j]:.6g}"),
                "concentration": _digits(concentrations[j]),
            }
            for j, species in enumerate(network.species)
        ],
        "reactions": [
            {
                "equation": reaction.equation,
                "type": reaction.type,
                "rate": reaction.rate,
                "reactants": [[j, _plain(n)] for j, n in reaction.reactants.items()],
                "products": [[j, _plain(n)] for j, n in reaction.products.items()],
                "forward": _digits(forward[i]),
                "reverse": _digits(reverse[i]),
            }
            for i, reaction in enumerate(network.reactions)
        ],
        "fluxes": {element: _fluxes(history, element, forward, reverse) for element in network.elements},
    }


def _fuel(history: History) -> str | None:
    """The species that loses most carbon from first to last, or most hydrogen where nothing holds carbon."""
    network, concentrations = history.network, history.run.concentrations
    element = next((each for each in ("C", "H") if each in network.elements), None)
    if element is None:
        return None
    amounts = concentrations[[0, -1]] / (concentrations[[0, -1]] @ network.molar_masses)[:, None]
    loss = (amounts[0] - amounts[1]) * network.atoms_of(element)
    return network.species[int(np.argmax(loss))] if np.any(loss > 0) else None


def _states(history: History, conversion: Array | None) -> NDArray[np.intp]:
    """States at even steps of what changes: time, temperature and conversion."""
    most = int(np.clip(MOST_RATES // max(len(history.network.reactions), 1), 8, MOST_FRAMES))
    count = len(history.run.time)
    if count <= most:
        return np.arange(count)
    quantities = [history.run.time, history.run.temperature, *([] if conversion is None else [conversion])]
    way = np.zeros(count)
    for quantity in quantities:
        steps = np.abs(np.diff(quantity))
        way[1:] += np.cumsum(steps) / max(steps.sum(), 1e-300)
    wanted = np.linspace(0.0, way[-1], most)
    return np.unique(np.abs(way[:, None] - wanted[None, :]).argmin(axis=0))


def _frames(parts: list[RatesOfProgress], conversion: list[float] | None) -> list[dict[str, Any]]:
    return [
        {
            "label": "whole run" if part.integrated else f"t = {time_text(part.from_time)}",
            "time": float(f"{part.to_time:.6g}"),
            "conversion": None if conversion is None else float(f"{conversion[k]:.4g}"),
            "temperature": float(f"{part.temperature:.6g}"),
        }
        for k, part in enumerate(parts)
    ]


def _fluxes(history: History, element: str, forward: Array, reverse: Array) -> list[list[Any]]:
    moves = transfers(history.network, element)
    gross = np.asarray(moves.forward @ forward + moves.reverse @ reverse)
    net = gross - gross[moves.opposite]
    net[:, [is_round_off(*each) for each in zip(net.T, gross.T, strict=True)]] = 0.0
    largest = np.abs(net).max(axis=0, initial=0.0)
    seen = np.any(np.abs(net) > LEAST_PART * largest, axis=1)
    one_way = (net[:, -1] > 0) | ((net[:, -1] == 0) & (moves.pairs[:, 0] < moves.pairs[:, 1]))
    chosen = np.flatnonzero(seen & one_way)
    carried = moves.carried(forward[:, -1], reverse[:, -1])
    carried = sparse.csr_array(carried - carried[moves.opposite])
    found = []
    for d in chosen[np.argsort(-net[chosen, -1], kind="stable")]:
        own = slice(carried.indptr[d], carried.indptr[d + 1])
        reactions, values = carried.indices[own], carried.data[own]
        order = np.argsort(-np.abs(values), kind="stable")[:MOST_SHARES]
        total = net[d, -1]
        shares = [[int(reactions[k]), float(f"{values[k] / total:.4g}")] for k in order if total and values[k]]
        found.append([*moves.pairs[d].tolist(), _digits(net[d]), shares])
    return found


def _digits(values: Array) -> list[float]:
    """Four digits each; whole numbers without a decimal point, so that zeros are short."""
    return [_plain(float(f"{value:.4g}")) for value in values.tolist()]


def _plain(value: float) -> float:
    return int(value) if value == int(value) and abs(value) < 1e15 else value
