"""Other networks that explain the data as well: frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...chemistry.mechanism import Reaction
from ..experiment_design import DiscriminatingState


@dataclass(frozen=True)
class Alternative:
    """Reactions that can take the place of others on these data.

    Parameters
    ----------
    replaced : tuple of Reaction
        One-way reactions of the mechanism.
    replacement : tuple of Reaction
        One-way reactions with rate constants at the data's temperature.
    n_more : int
        How many one-way reactions the network has more with it.
    structurally_equivalent : bool
        True if both make the same of every state, so that no concentrations can discriminate between them.
    where : DiscriminatingState or None
        The state at which they differ most; None where ``structurally_equivalent``.
    unbalanced : bool
        True if the compositions, which the search left out, exclude it.
    """

    replaced: tuple[Reaction, ...]
    replacement: tuple[Reaction, ...]
    n_more: int
    structurally_equivalent: bool
    where: DiscriminatingState | None = None
    unbalanced: bool = False

    @property
    def difference(self) -> float:
        """Part of a rate by which the two networks differ where they differ most."""
        return 0.0 if self.where is None else self.where.difference

    @property
    def discrimination(self) -> str:
        """What would discriminate between the two."""
        if self.unbalanced:
            return "The compositions exclude it: search with conserve: elements."
        if self.structurally_equivalent:
            return (
                "Both make the same of every state, so no concentrations can discriminate; "
                "the elements in each species would (give compositions)."
            )
        assert self.where is not None
        return f"Measure near {self.where.text}, where they differ by {100 * self.difference:.2g} % of a rate."

    @property
    def text(self) -> str:
        """One sentence for both networks.

        Examples
        --------
        >>> decay, twice = Reaction({"A": 1}, {"B": 2}, Arrhenius(1.0)), Reaction({"A": 1}, {"B": 1}, Arrhenius(0.5))
        >>> Alternative((decay,), (twice, Reaction({"A": 1}, {"B": 3}, Arrhenius(0.5))), 1, True).text
        'A => 2 B at 1 can be replaced by A => B at 0.5 with A => 3 B at 0.5.'
        """

        def side(reactions: tuple[Reaction, ...]) -> str:
            return " with ".join(f"{r.equation} at {r.rate.A:.4g}" for r in reactions if r.rate is not None)

        if not self.replaced:
            return f"{side(self.replacement)} may be there as well."
        if not self.replacement:
            return f"{side(self.replaced)} may not be there."
        return f"{side(self.replaced)} can be replaced by {side(self.replacement)}."

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says."""
        return {
            "replaced": [{"equation": r.equation, "k": r.rate.A} for r in self.replaced if r.rate is not None],
            "replacement": [{"equation": r.equation, "k": r.rate.A} for r in self.replacement if r.rate is not None],
            "n_more": self.n_more,
            "structurally_equivalent": self.structurally_equivalent,
            "difference": self.difference,
            "state": None if self.where is None else dict(self.where.concentrations),
            "temperature": None if self.where is None else self.where.temperature,
            "unbalanced": self.unbalanced,
            "text": f"{self.text} {self.discrimination}",
        }


@dataclass(frozen=True)
class Alternatives:
    """Other networks that explain the data as well.

    Parameters
    ----------
    found : tuple of Alternative
        Those with the fewest reactions first.
    n_more : int
        Further ones that are not listed.
    undetermined : tuple of str
        Reactant complexes of which the data do not determine what they make, since other rate laws look the same there.
    scope : str
        Among which networks they were looked for.
    """

    found: tuple[Alternative, ...]
    n_more: int
    undetermined: tuple[str, ...]
    scope: str

    @property
    def as_small(self) -> tuple[Alternative, ...]:
        """Those without more reactions: with one of them the mechanism is not the only answer."""
        return tuple(each for each in self.found if each.n_more <= 0 and not each.unbalanced)

    @property
    def sentence(self) -> str:
        """The first of them, with what would discriminate, and how many there are; empty where there is none."""
        if not self.found:
            return ""
        first = self.as_small[0] if self.as_small else self.found[0]
        others = len(self.found) + self.n_more - 1
        return f"{first.text} {first.discrimination}" + (f" There are {others} more such sets." if others else "")

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says."""
        return {
            "found": [each.as_dict() for each in self.found],
            "n_more": self.n_more,
            "undetermined": list(self.undetermined),
            "scope": self.scope,
        }
