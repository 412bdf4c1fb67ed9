"""What a search for rows of the signed matrix has come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ....chemistry.arrays import Array
from ....chemistry.one_way import Complex, undirected
from .solution import Solution


@dataclass(frozen=True, eq=False)
class Round:
    """The state of the search after a restart stalled, or where the least loss so far fell.

    Parameters
    ----------
    seconds : float
        Since the search began.
    restart : int
        Which restart.
    iterations : int
        Steps of the search so far.
    loss : float
        Its weighted mean square residual, 1 for an empty network.
    rows : int
        Rows offered.
    frozen : tuple of tuple of int
        Integer rows fixed in it.
    matrix : array, shape (R, S)
        All its rows.
    log_rates : array, shape (R, 2)
        ln k forward and reverse, of concentrations and rates in the units that the search uses.
    """

    seconds: float
    restart: int
    iterations: int
    loss: float
    rows: int
    frozen: tuple[tuple[int, ...], ...]
    matrix: Array
    log_rates: Array


@dataclass(eq=False)
class RowSearch:
    """What a search has come to: a solution or none, every row ever frozen with its count, and the history.

    ``history`` has an entry for each restart that stalled, ``descent`` one for each step to the least loss so far;
    ``enough`` is true where the rows frozen are all that was asked for.
    """

    solution: Solution | None = None
    votes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    complexes: Counter[Complex] = field(default_factory=Counter)
    history: list[Round] = field(default_factory=list)
    descent: list[Round] = field(default_factory=list)
    iterations: int = 0
    interrupted: bool = False
    enough: bool = False

    def vote_for(self, rows: Array) -> None:
        """Count rows that were frozen, whichever their direction."""
        self.votes.update(undirected(row) for row in rows)
