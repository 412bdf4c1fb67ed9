"""Steady flow reactors: inlet, outlet and residence time → states with rates, or histories in residence time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from ...chemistry.arrays import Array
from ...data.trajectories import Trajectory
from ...errors import DataError
from .table import Column, Table, TableStates

Feed = Literal["stirred", "plug-flow"]
FEEDS: tuple[Feed, ...] = ("stirred", "plug-flow")

INLET = re.compile(r"\[(.+)\][ _]?(?:in|inlet)|(.+?)[ _](?:in|inlet)|(?:in|inlet)[ _](.+)")
_OUTLET = re.compile(r"\[(.+)\][ _]?(?:out|outlet)|(.+?)[ _](?:out|outlet)|(?:out|outlet)[ _](.+)")


def parted(amounts: Mapping[str, Column], where: str) -> tuple[dict[str, Column], dict[str, Column]]:
    """Amounts at the outlet and at the inlet, by species; the latter are empty where no column is of an inlet.

    Parameters
    ----------
    amounts : mapping of str to Column
        By the name in the header: ``A in`` or ``inlet A`` beside ``A``, ``A out`` or ``outlet A``.
    where : str
        File and line of the header, for messages.

    Raises
    ------
    DataError
        If a species has an inlet or an outlet only.

    Examples
    --------
    >>> names = ["A in", "A", "B out", "B_in"]
    >>> columns = {name: Column(k, name, "concentration", name) for k, name in enumerate(names)}
    >>> [list(part) for part in parted(columns, "a.csv")]
    [['A', 'B'], ['A', 'B']]
    """
    inlets: dict[str, Column] = {}
    outlets: dict[str, Column] = {}
    for name, column in amounts.items():
        inlet, outlet = INLET.fullmatch(name), _OUTLET.fullmatch(name)
        base = next(filter(None, (inlet or outlet).groups()), "") if inlet or outlet else name  # type: ignore[union-attr]
        (inlets if inlet else outlets)[base] = replace(column, name=base)
    if not inlets:
        return dict(amounts), {}
    lone = sorted(set(inlets) ^ set(outlets))
    if lone:
        lacking = "inlet" if lone[0] in outlets else "outlet"
        raise DataError(
            f"{where}: {lone[0]} has no {lacking}, and what a flow reactor makes of a species is the difference. Add a "
            f"column '{lone[0]} {lacking[:-3]} [kmol/m^3]', with 0 where there is none."
        )
    return outlets, {name: inlets[name] for name in outlets}


def steady_runs(
    table: Table, time: Column, residence: Array, inlet: Array, outlet: Array, states: TableStates, kind: str
) -> tuple[list[Trajectory], str]:
    """Runs from the rows of a table of steady states, and what was done.

    A stirred reactor gives a run of one state for each row, with the rates (outlet − inlet) / residence time; a
    plug-flow reactor a time history in residence time for each inlet, which starts with the inlet.

    Raises
    ------
    DataError
        If the kind of reactor is not given, or a residence time is not above zero.
    """
    if kind not in FEEDS:
        which = " or ".join(f"--reactor {feed}" for feed in FEEDS)
        raise DataError(f"{table.head}: there are inlets and outlets, as of a flow reactor. Say which: {which}.")
    bad = np.flatnonzero(residence <= 0)
    if bad.size:
        raise DataError(f"{table.place(int(bad[0]), time)}: a residence time is above zero. Check it, or leave it out.")
    if kind == "stirred":
        rates = (outlet - inlet) / residence[:, None]
        runs = [_stirred(table, row, outlet, rates, states, len(residence)) for row in range(len(residence))]
        return runs, "Rates: (outlet - inlet) / residence time, with the same volume flow in and out."
    return _plug_flow(table, time, residence, inlet, outlet, states), (
        "Time histories in residence time from the inlet on, at constant volume flow: one for each inlet."
    )


def _stirred(table: Table, row: int, outlet: Array, rates: Array, states: TableStates, count: int) -> Trajectory:
    if np.isnan(rates[row]).any():
        raise DataError(f"{table.place(row)}: a value is missing, so that this state gives no rates. Leave it out.")
    own = slice(row, row + 1)
    name = f"state{row + 1:0{len(str(count))}d}"
    return Trajectory(np.zeros(1), outlet[own], states.temperature[own], states.pressure[own], rates[own], name=name)


def _plug_flow(
    table: Table, time: Column, residence: Array, inlet: Array, outlet: Array, states: TableStates
) -> list[Trajectory]:
    feeds: dict[tuple[float, ...], list[int]] = {}
    for row, feed in enumerate(np.nan_to_num(np.column_stack([inlet, states.temperature])).tolist()):
        feeds.setdefault(tuple(feed), []).append(row)
    runs = []
    for number, members in enumerate(feeds.values(), start=1):
        rows = np.array(members)[np.argsort(residence[members], kind="stable")]
        same = np.flatnonzero(np.diff(residence[rows]) == 0)
        if same.size:
            raise DataError(
                f"{table.place(int(rows[same[0] + 1]), time)}: this residence time stands twice for the same inlet. "
                "Leave one of them out, or average them."
            )
        times = np.concatenate([[0.0], residence[rows]])
        amounts = np.vstack([inlet[rows[0]], outlet[rows]])
        known = [rows[0], *rows]
        name = f"inlet{number:0{len(str(len(feeds)))}d}"
        temperature, pressure = states.temperature[known], states.pressure[known]
        runs.append(Trajectory(times, amounts, temperature, pressure, reactor="isothermal", name=name))
    return runs


def feed_names(found: Sequence[Trajectory], kind: str) -> str:
    """By what runs of a flow reactor were distinguished."""
    return "by row, each a steady state" if kind == "stirred" else "by their inlets" if len(found) > 1 else "one run"
