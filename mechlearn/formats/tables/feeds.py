"""Columns of inlets and outlets, as tables of steady flow reactors have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from ...errors import DataError
from .table import Column

Feed = Literal["stirred", "plug-flow"]
FEEDS: tuple[Feed, ...] = ("stirred", "plug-flow")

INLET = re.compile(r"(.+?)[ _](?:in|inlet)|(?:in|inlet)[ _](.+)")
_OUTLET = re.compile(r"(.+?)[ _](?:out|outlet)|(?:out|outlet)[ _](.+)")


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
