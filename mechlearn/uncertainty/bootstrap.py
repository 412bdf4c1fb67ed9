"""How often each reaction is found again in one half of the runs that were measured, drawn anew each time.

A search weighs what is left of the data by their noise. Runs that are drawn twice, as in a bootstrap with replacement,
agree with themselves in it, and no search could take that for noise. Estimates from random halves scatter about that
from all runs as those of a bootstrap do [1]_, and every half is data as they could have been measured [2]_.

References
----------
.. [1] D. N. Politis, J. P. Romano, "Large sample confidence regions based on subsamples under minimal assumptions",
   Ann. Statist. 22, 2031-2050 (1994). https://doi.org/10.1214/aos/1176325770
.. [2] N. Meinshausen, P. Bühlmann, "Stability selection", J. R. Stat. Soc. B 72, 417-473 (2010).
   https://doi.org/10.1111/j.1467-9868.2010.00740.x
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..chemistry.mechanism import Mechanism, side_text
from ..data.balances.derivative import differential_balances
from ..data.noise.rate_noise import RateNoise
from ..data.progress import Progress, silent
from ..data.trajectories import Trajectories
from ..discovery.discover import discover, has_rates, noise_seen
from ..discovery.lack_of_fit import shortened
from ..discovery.settings import Search
from ..discovery.trajectory_learner import chosen_balances
from ..simulation.process_pool import Workers

Sides = tuple[str, str]
Resamples = Mapping[int, list[Sides]]


@dataclass(frozen=True)
class Support:
    """In which part of the resamples reactions stand, whichever way they are written.

    Parameters
    ----------
    resamples : int
    reactions : tuple of float
        Of the mechanism, in its order.
    others : tuple of (str, float)
        Reactions that the mechanism has not, those found most often first.
    """

    resamples: int
    reactions: tuple[float, ...]
    others: tuple[tuple[str, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says, without what stands beside each reaction."""
        return {
            "resamples": self.resamples,
            "others": [{"equation": equation, "support": part} for equation, part in self.others],
        }


def bootstrap_support(
    mechanism: Mechanism,
    runs: Trajectories,
    search: Search,
    *,
    resamples: int = 100,
    jobs: int = -1,
    executor: Executor | None = None,
    done: Resamples | None = None,
    keep: Callable[[dict[int, list[Sides]]], None] | None = None,
    progress: Progress = silent,
) -> Support:
    """Learn again from random halves of the runs, and count the reactions of the mechanism.

    Parameters
    ----------
    mechanism : Mechanism
        Learnt from the runs.
    runs : Trajectories
        Those that it was learnt from.
    search : Search
        With which it was learnt; resample i draws with the seed (``search.seed``, i). The network gets one round in
        each stage, several times what it takes where it succeeds.
    resamples : int
        How many.
    jobs : int
        Processes on this machine; 1 for this one alone, below 1 for one on each core.
    executor : concurrent.futures.Executor, optional
        Does the work instead, as `get_executor` of a client of Dask.
    done : mapping of int to list
        Resamples that were finished before.
    keep : callable, optional
        Called with all finished ones each time that another is.
    progress : callable, optional
        Called with the share done and a word.

    Returns
    -------
    Support

    Raises
    ------
    SimulationError
        If a process dies twice in the same search.

    Notes
    -----
    A reaction that half of the runs shows clearly is in all of the resamples; one in few of the resamples hangs on
    few runs. How noisy given production rates are is estimated from all runs.
    """
    found = dict(done or {})
    missing = [number for number in range(resamples) if number not in found]
    noise = noise_seen(differential_balances(runs), search) if missing and has_rates(runs, search) else None
    tasks = [(runs, shortened(search), noise, number) for number in missing]
    with Workers(jobs, executor) as workers:
        for index, reactions in workers.as_completed(_found_again, tasks):
            found[missing[index]] = reactions
            if keep is not None:
                keep(found)
            progress(len(found) / resamples, f"{len(found)} of {resamples} resamples")
    counts = Counter(sides for number in range(resamples) for sides in found[number])
    mine = _sides_of(mechanism)
    others = {" <=> ".join(sides): n / resamples for sides, n in counts.items() if sides not in mine}
    return Support(
        resamples,
        tuple(counts[sides] / resamples for sides in mine),
        tuple(sorted(others.items(), key=lambda each: (-each[1], each[0]))),
    )


def resampled(runs: Trajectories, seed: int, number: int) -> Trajectories:
    """One half of the runs, or half of one more if their number is odd; states drawn around a run go with it."""
    roots = [run.name for run in runs.runs if not run.parent]
    drawn = np.random.default_rng([seed, 7, number]).permutation(len(roots))[: (len(roots) + 1) // 2]
    chosen = {roots[i] for i in drawn}
    return runs.select([run for run in runs.runs if (run.parent or run.name) in chosen])


def _found_again(runs: Trajectories, search: Search, noise: RateNoise | None, number: int) -> list[Sides]:
    drawn = resampled(runs, search.seed, number)
    balances = differential_balances(drawn) if has_rates(runs, search) else chosen_balances(drawn, search)[0]
    return sorted(set(_sides_of(discover(balances, search, noise=noise).mechanism)))


def _sides_of(mechanism: Mechanism) -> list[Sides]:
    """Both sides of each reaction as text, in an order that does not hang on the direction."""
    sides = [(dict(sorted(r.reactants.items())), dict(sorted(r.products.items()))) for r in mechanism.reactions]
    return [tuple(sorted(map(side_text, pair))) for pair in sides]  # type: ignore[misc]
