"""What is found among all candidates."""

from __future__ import annotations

from dataclasses import dataclass

from ...chemistry.mechanism import Reaction


@dataclass(frozen=True, eq=False)
class CandidateReaction:
    """One stoichiometry with its rate law.

    Parameters
    ----------
    net : tuple of int
        Products less reactants.
    reactions : tuple of Reaction
        One for each term of the rate law.
    contribution : float
        95 % quantile of the largest contribution that it has to a species' gross flux.
    std_error_log_k : float
        Of ln k at the middle of the temperatures.
    """

    net: tuple[int, ...]
    reactions: tuple[Reaction, ...]
    contribution: float
    std_error_log_k: float


@dataclass(frozen=True, eq=False)
class CandidateFit:
    """What the candidates explain.

    Parameters
    ----------
    found : tuple of CandidateReaction
        The largest contributions first.
    candidates : int
        Reactions that the elements allow.
    noise : float
        Estimated noise of the production, relative to it.
    law_error : float
        Part of the gross flux that the rate laws miss.
    misfit : float
        Root mean square of residual over gross flux.
    unexplained : tuple of str
        Reactants of a design whose production no set of candidates makes.
    """

    found: tuple[CandidateReaction, ...]
    candidates: int
    noise: float
    law_error: float
    misfit: float
    unexplained: tuple[str, ...] = ()

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        """All reactions, in order."""
        return tuple(reaction for each in self.found for reaction in each.reactions)
