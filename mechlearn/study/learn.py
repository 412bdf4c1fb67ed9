"""The runs of a study → what is learnt from those that are not held out."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Any, get_type_hints

from ..data.balances.balances import Balances
from ..data.balances.derivative import differential_balances
from ..data.progress import Progress
from ..data.sampling.check_sampling import check_sampling
from ..data.sampling.thinning import thinned
from ..data.trajectories import Trajectories
from ..discovery.discover import discover, has_rates
from ..discovery.result import Discovery, learnt_mechanism
from ..discovery.settings import Search
from ..discovery.trajectory_learner import chosen_balances
from ..errors import DataError
from ..formats.records import plain, record
from .schema import Study
from .workspace import CHECKPOINT, Workspace

DISCOVERY = f"{CHECKPOINT}/discovery.json"
_TYPES = {name: kind for name, kind in get_type_hints(Discovery).items() if name not in ("mechanism", "search")}
_Found: Any = make_dataclass("_Found", _TYPES.items(), frozen=True)
"""What is kept of a `Discovery`; its mechanism follows from the reactions and the data."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """What was learnt, from what, and the runs held out.

    Parameters
    ----------
    discovery : Discovery
    train : Trajectories
    balances : Balances
        Of these.
    held : Trajectories or None
    remark : str
        On the balances that were chosen; empty where rates were given.
    """

    discovery: Discovery
    train: Trajectories
    balances: Balances
    held: Trajectories | None
    remark: str


def learn(study: Study, runs: Trajectories, progress: Progress, place: Workspace | None = None) -> Learnt:
    """Hold runs out and learn from the others; with a place, what is finished is kept there and not done again."""
    train, held = runs.split(study.validate.hold_out, study.learn.seed)
    if has_rates(runs, study.learn):
        runs.require_complete("Learning from production rates")
        balances, remark = differential_balances(train), ""
    else:
        balances, remark = chosen_balances(train, study.learn)
        if held is not None:
            held, drawn = thinned(held, study.learn.seed)
            remark += drawn and f" Held out: {drawn}"
    found = None if place is None else _kept(place, balances, study.learn)
    if found is None:
        try:
            found = discover(balances, study.learn, progress=progress)
        except DataError as error:
            raise DataError(" ".join([str(error), *check_sampling(runs).warnings])) from None
        if place is not None and not found.interrupted:
            place.keep(DISCOVERY, {name: plain(getattr(found, name)) for name in _TYPES})
    return Learnt(found, train, balances, held, remark)


def _kept(place: Workspace, balances: Balances, search: Search) -> Discovery | None:
    content = place.kept(DISCOVERY)
    if content is None:
        return None
    found = record(_Found, content)
    mechanism = learnt_mechanism(balances, tuple(each.reaction for each in found.reactions))
    return Discovery(mechanism=mechanism, search=search, **{name: getattr(found, name) for name in _TYPES})
