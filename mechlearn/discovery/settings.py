"""What is looked for and how: the keys of ``learn:`` in a study file, and the arguments of `discover`."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from ..chemistry.mechanism import Arrhenius

_STRICT = ConfigDict(extra="forbid", strict=False)


@dataclass(frozen=True, config=_STRICT)
class LevenbergMarquardt:
    """Damped Gauss–Newton steps with the closed-form Jacobian, batched over restarts.

    Parameters
    ----------
    iterations : int
        Most steps in one round between two freezings.
    tolerance : float
        Relative decrease of the loss per step below which a round has stalled.
    longest_step : float
        Largest change of any parameter in one step.
    rounds : int
        Most rounds of fitting and freezing.
    """

    name: Literal["levenberg-marquardt"] = "levenberg-marquardt"
    iterations: Annotated[int, Field(ge=1)] = 100
    tolerance: Annotated[float, Field(gt=0)] = 1e-3
    longest_step: Annotated[float, Field(gt=0)] = 1.0
    rounds: Annotated[int, Field(ge=1)] = 40


@dataclass(frozen=True, config=_STRICT)
class Adam:
    """Algorithm 1 of the paper: Adam on the mean squared error with L1 and L2 terms.

    Parameters
    ----------
    epochs : int
        Passes over the data, for the coefficients and again for the rates.
    learning_rate : float
    regularization : float
        λ, weight of the L1 and L2 terms.
    check_every : int
        M, epochs between two looks at the loss and at the rows.
    batch_size : int or None
        Samples per step; None for all of them, as the paper's released code does.

    References
    ----------
    .. [1] J. Huang, Y. Zhou, W.-A. Yong, "Data-driven discovery of multiscale chemical reactions governed by the law
       of mass action", J. Comput. Phys. 448, 110743 (2022). https://doi.org/10.1016/j.jcp.2021.110743
    """

    name: Literal["adam"] = "adam"
    epochs: Annotated[int, Field(ge=1)] = 1_000_000
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    regularization: Annotated[float, Field(ge=0)] = 1e-8
    check_every: Annotated[int, Field(ge=1)] = 10_000
    batch_size: Annotated[int, Field(ge=1)] | None = 10


def _named_optimizer(value: Any) -> Any:
    """Accept the bare name, or a mapping with ``name``, for an optimizer with the other keys at their defaults."""
    return LevenbergMarquardt() if value == "levenberg-marquardt" else Adam() if value == "adam" else value


@dataclass(frozen=True, config=_STRICT)
class KnownReaction:
    """A reaction that is given.

    Parameters
    ----------
    equation : str
        One-way, as ``A + B => C``, or with ``reverse: thermo`` also ``A + B <=> C``.
    A, b, Ea : float
        Its Arrhenius law [kmol, m³, s], [-], [J/kmol]; without ``A`` only the reaction is known.
    factor : float
        Of uncertainty: its rate constant is within this factor of the law with 95 %; 1 for fixed.
    """

    equation: str
    A: Annotated[float, Field(gt=0)] | None = None
    b: float = 0.0
    Ea: float = 0.0
    factor: Annotated[float, Field(ge=1)] = 2.0

    @property
    def rate(self) -> Arrhenius | None:
        """Its law, where that is known."""
        return None if self.A is None else Arrhenius(self.A, self.b, self.Ea)


@dataclass(frozen=True, config=_STRICT)
class Search:
    """What to look for, and how.

    Parameters
    ----------
    method : str
        ``network`` (the signed-matrix network), ``candidates`` (all reactions that the elements allow, by non-negative
        least squares), ``both``, or ``auto``: the network at one temperature with free reverse rates, checked
        against all candidates where all compositions are known, else these.
    reactions : int or 'auto'
        Rows of the signed matrix, and the most reactions that are found; ``auto`` offers more than are needed and keeps
        those that carry flux.
    seed : int
        Seed of every draw.
    conserve : str
        ``elements`` (rows balanced by the species' compositions), ``data`` (by the laws found in the data), ``none``,
        or ``auto``: elements where all compositions are known, else data.
    balances : str
        How production follows from concentrations where rates are not given: ``derivative`` (local cubics),
        ``integral``, ``weak`` (test functions), or ``auto``: the form whose rates follow the trajectories best.
    noise : str
        Noise of concentrations: ``relative`` to each, ``absolute`` (one size for each species), ``combined`` of both,
        or ``auto``: what the data show.
    loss : str
        How residuals of concentrations count: ``squares``, ``huber`` (beyond three standard deviations linearly), or
        ``auto``: huber where there are outliers.
    optimizer : LevenbergMarquardt or Adam
    rate_fit : str
        How rate constants follow once the rows are frozen: ``log`` least squares on ln k, or ``non-negative`` linear
        least squares on k.
    reverse : str
        ``free`` (a reverse rate constant of its own), ``thermo`` (from the species' thermodynamics) or ``none``
        (one-way reactions only).
    temperature_dependence : str
        ``none``, ``arrhenius``, or ``auto``: Arrhenius where the states are at several temperatures.
    catalysts : bool
        Whether species may stand on both sides of a reaction (catalysts, autocatalysis). Where the data demand it and
        it is false, the status is ``needs-catalysts``.
    third_bodies : bool
        Whether reactions that change the number of molecules may need colliders, and may be falloffs.
    molecularity : int
        Most molecules on the side of a candidate that has more of them; on the other at most 2. With 1
        only isomerisations are looked for.
    restarts : int
        Starting points that are fitted side by side.
    freeze_within : float
        ε, largest distance of a row to integers at which it is frozen; 0 for never, to see what that does.
    max_coefficient : int
        Largest stoichiometric coefficient that may be frozen.
    max_order : int
        Largest sum of coefficients on one side that may be frozen.
    seconds : float
        Time after which the search ends with the best so far.
    known : tuple of KnownReaction
        Reactions that are there, from concentrations alone: each stays, and its rate constant is fitted within what is
        known of it.
    forbid : tuple of str
        Reactions that are not, from concentrations alone, with ``*`` for any molecules and ``3 *`` for three:
        ``OH + OH => *``, ``* <=> 3 *``.

    Raises
    ------
    pydantic.ValidationError
        If a value is not allowed; `mechlearn.StudyError` where it comes from a study file or the command line.

    Examples
    --------
    >>> Search(reactions=6).restarts
    8
    """

    method: Literal["auto", "network", "candidates", "both"] = "auto"
    reactions: Annotated[int, Field(ge=1, le=500)] | Literal["auto"] = "auto"
    seed: Annotated[int, Field(ge=0)] = 0
    conserve: Literal["auto", "elements", "data", "none"] = "auto"
    balances: Literal["auto", "derivative", "integral", "weak"] = "auto"
    noise: Literal["auto", "relative", "absolute", "combined"] = "auto"
    loss: Literal["auto", "squares", "huber"] = "auto"
    optimizer: Annotated[
        Annotated[LevenbergMarquardt | Adam, Field(discriminator="name")], BeforeValidator(_named_optimizer)
    ] = field(default_factory=LevenbergMarquardt)
    rate_fit: Literal["log", "non-negative"] = "log"
    reverse: Literal["free", "thermo", "none"] = "free"
    temperature_dependence: Literal["auto", "none", "arrhenius"] = "auto"
    catalysts: bool = False
    third_bodies: bool = False
    molecularity: Annotated[int, Field(ge=1, le=3)] = 2
    restarts: Annotated[int, Field(ge=1, le=10_000)] = 8
    freeze_within: Annotated[float, Field(ge=0, lt=0.5)] = 0.05
    max_coefficient: Annotated[int, Field(ge=1)] = 3
    max_order: Annotated[int, Field(ge=1)] = 4
    seconds: Annotated[float, Field(gt=0)] = 600.0
    known: tuple[KnownReaction, ...] = ()
    forbid: tuple[str, ...] = ()
