"""The outcome of a search."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..chemistry.detailed_balance import reversible_where_consistent
from ..chemistry.mechanism import Mechanism, Reaction
from ..chemistry.unmeasured_products import with_unmeasured_products
from ..data.balances.balances import Balances
from .candidates.network.row_search import Round, RowSearch
from .conservation_laws_in_data import Conserved
from .fit.learned_reactions import LearnedReaction
from .fit.trajectory_result import TrajectoryFit
from .settings import Search


@dataclass(frozen=True, eq=False)
class Discovery:
    """A learnt mechanism and what its status is.

    Parameters
    ----------
    mechanism : Mechanism
        May have no reaction.
    status : str
        A key of `mechlearn.discovery.status.STATUSES`.
    message : str
        Its sentence, with what to do.
    search : Search
    loss : float
        Root mean square of residual over gross production, over all entries.
    noise : float
        Estimated noise of the production rates, relative to the rates; 0 where they are exact.
    reactions : tuple of LearnedReaction
        The mechanism's reactions, in its order.
    history : tuple of Round
        One entry each time a restart stalled.
    descent : tuple of Round, optional
        One entry each time the least loss so far fell.
    seconds : float
        Time taken.
    conserved : Conserved or None
        The laws found in the data and their test, where compositions are unknown.
    trajectory_fit : TrajectoryFit, optional
        Where concentrations alone were learnt from: noise, outliers, and other networks that fit as well.
    """

    mechanism: Mechanism
    status: str
    message: str
    search: Search
    loss: float = 1.0
    noise: float = 0.0
    reactions: tuple[LearnedReaction, ...] = ()
    history: tuple[Round, ...] = ()
    seconds: float = 0.0
    conserved: Conserved | None = None
    trajectory_fit: TrajectoryFit | None = None
    descent: tuple[Round, ...] = ()

    @cached_property
    def to_write(self) -> Mechanism:
        """The mechanism for a file.

        Pairs of rate constants are reversible reactions where thermodynamics can hold them, and products that were not
        measured are species.
        """
        errors = [each.std_error_of_ratio for each in self.reactions]
        return reversible_where_consistent(with_unmeasured_products(self.mechanism), errors).mechanism

    @property
    def interrupted(self) -> bool:
        """True if the user ended the search."""
        return self.status == "interrupted"

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says of the search."""
        return {
            "status": self.status,
            "message": self.message,
            "reactions": [
                _reaction_dict(learned) | {"reverse_from_thermo": written.reversible}
                for learned, written in zip(self.reactions, self.to_write.reactions, strict=True)
            ],
            "n_reactions": len(self.reactions),
            "loss": self.loss,
            "noise": self.noise,
            "conserved": self.conserved and self.conserved.as_dict(self.mechanism.species_names),
            "seed": self.search.seed,
            "concentrations": None if self.trajectory_fit is None else self._concentrations_dict(self.trajectory_fit),
        }

    def _concentrations_dict(self, fit: TrajectoryFit) -> dict[str, Any]:
        names = self.mechanism.species_names
        return {
            "noise": {
                "kind": fit.noise.kind,
                "relative": fit.noise.relative,
                "absolute": dict(zip(names, fit.noise.absolute.tolist(), strict=True)),
            },
            "chi2_per_datum": fit.misfit,
            "data": fit.data,
            "candidates": fit.candidates,
            "robust": fit.robust,
            "unresolved": fit.unresolved,
            "upper_limits": [
                {"equation": each.equation(list(names)), "below": limit} for each, limit in fit.upper_limits
            ],
            "from_detailed_balance": [each.equation(list(names)) for each in fit.from_detailed_balance],
            "outliers": [asdict(each) for each in fit.outliers],
        }


def _reaction_dict(learned: LearnedReaction) -> dict[str, Any]:
    reaction = learned.reaction

    def rate(value: Any) -> dict[str, float] | None:
        return None if value is None else {"A": value.A, "b": value.b, "Ea": value.Ea}

    return {
        "equation": reaction.equation,
        "reactants": dict(reaction.reactants),
        "products": dict(reaction.products),
        "forward": rate(reaction.rate),
        "reverse": rate(reaction.reverse_rate),
        "std_error_log_k": {"forward": learned.std_error_log_k[0], "reverse": learned.std_error_log_k[1]},
        "contribution": learned.contribution,
        "found_by": list(learned.found_by),
    }


def learnt_mechanism(balances: Balances, reactions: tuple[Reaction, ...]) -> Mechanism:
    """The reactions between the species of the balances, at their median temperature and pressure."""
    finite = balances.temperature[np.isfinite(balances.temperature)]
    pressure = balances.pressure[np.isfinite(balances.pressure)]
    return Mechanism(
        species=balances.species,
        reactions=reactions,
        temperature=float(np.median(finite)) if finite.size else 300.0,
        pressure=float(np.median(pressure)) if pressure.size else 101325.0,
        atomic_weights=balances.atomic_weights,
    )


def discovered(
    balances: Balances,
    search: Search,
    status: str,
    message: str,
    started: float | None = None,
    *,
    found: RowSearch | None = None,
    reactions: tuple[LearnedReaction, ...] = (),
    **known: Any,
) -> Discovery:
    """The outcome of a search that started at a time of `time.monotonic`, with what the network found on the way.

    Further keywords are fields of `Discovery`.
    """
    if found is not None:
        known |= {"history": tuple(found.history), "descent": tuple(found.descent)}
    seconds = 0.0 if started is None else time.monotonic() - started
    mechanism = learnt_mechanism(balances, tuple(each.reaction for each in reactions))
    return Discovery(mechanism, status, message, search, reactions=reactions, seconds=seconds, **known)


def no_reactions(
    balances: Balances,
    search: Search,
    detail: str,
    started: float | None = None,
    *,
    interrupted: bool = False,
    found: RowSearch | None = None,
    conserved: Conserved | None = None,
) -> Discovery:
    """A search that found nothing."""
    status = "interrupted" if interrupted or (found is not None and found.interrupted) else "no-reactions"
    message = "Interrupted before any reaction was found." if status == "interrupted" else detail
    return discovered(balances, search, status, message, started, found=found, conserved=conserved)
