"""Arrhenius laws from concentrations alone: exact sets, intervals and errors over fresh seeds.

    python tools/temperatures.py                                     every case, 20 seeds
    python tools/temperatures.py --cases biodiesel ramp --seeds 5 -o seeds.jsonl
    python tools/temperatures.py --cases biodiesel --refit --seeds 200     intervals with the reactions given

A seed counts as exact where nothing is missing and nothing spurious. Intervals (95 %) are those of ln k at the
reference temperature and of Ea; errors are compared with the bound of Cramér and Rao, the root mean square of error
over bound. With ``--refit`` the true reactions are given and only their parameters are fitted, as the search does in
the end: where it finds the true reactions, the intervals are the same.

With ``--control`` the temperatures that the learner sees are wrong: ``permuted`` over the runs, each run ``off`` by a
normal error of 1 K, the whole column ``shifted`` by 5 K, or, where it changes within runs, ``late`` by 120 s. None of
these may be recovered with wrong reactions; a shift moves rate constants and energies alone, which no data can tell.

Cases: ``biodiesel``, transesterification as in Ji & Deng 2021 (doi:10.1021/acs.jpca.0c09316): one temperature a run
of 323 to 343 K, 30 runs of 50 samples 1 min apart, TG and ROH from U(0.2, 2.2) kmol/m³, 5 % noise; ``ramp``, A → B → C
(80 and 100 kJ/mol) heated from 300 to 400 K at 2, 5 and 10 K/min, 1 % noise and 0.1 % of the largest
value; ``michaelis-menten`` and ``hydrogen-oxidation``, the
examples with activation energies drawn for each direction, at 300 to 400 K, 1 % noise; ``n2o5``, 2 N2O5 → 4 NO2 + O2
of first order (ln A 31.3, 103 kJ/mol) at 25 to 65 °C, 2 % noise; ``pairs``, reversible pairs with Arrhenius laws of
their own, and ``pairs-thermo``, the same with reverse rate constants that follow from thermodynamics.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import mechlearn as ml
from mechlearn.chemistry.arrays import Array
from mechlearn.chemistry.mechanism import Arrhenius, Mechanism, Reaction, Species
from mechlearn.chemistry.one_way import OneWayReaction, one_way_reactions
from mechlearn.chemistry.thermo import GAS_CONSTANT, ConstantCp
from mechlearn.data.noise.concentration_noise import Noise
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.discovery.candidates.trajectory_candidates import Candidates
from mechlearn.discovery.fit.outliers import chi2_per_datum
from mechlearn.discovery.fit.run_arrays import run_arrays
from mechlearn.discovery.fit.temperature_basis import LogOffset
from mechlearn.discovery.fit.trajectory_fit import fitted, full_information
from mechlearn.discovery.fit.trajectory_problem import FitState, TrajectoryProblem
from mechlearn.discovery.trajectory_learner import with_competitors
from mechlearn.formats.cantera_yaml.export import write_mechanism
from mechlearn.simulation.mass_action.mass_action_rates import MassAction
from mechlearn.simulation.mass_action.steps import Steps
from mechlearn.simulation.mechanisms import find_mechanism
from mechlearn.simulation.reactors import resimulate
from mechlearn.study.schema import example_studies, load_study

KCAL, KJ = 4.184e6, 1e6


@dataclass(frozen=True)
class Case:
    """A mechanism and what is measured of it.

    Parameters
    ----------
    mechanism : callable
        The truth of a seed.
    runs : callable
        Empty runs for a generator: times, temperatures and initial states in the mechanism's species.
    noise : float
        Relative.
    floor : float
        Absolute, as a part of the largest concentration of the species.
    search : Search
    compositions : bool
        Whether the learner is told what the species are made of.
    """

    mechanism: Callable[[np.random.Generator], Mechanism]
    runs: Callable[[Mechanism, np.random.Generator], list[Trajectory]]
    noise: float
    floor: float = 0.0
    search: ml.Search = field(default_factory=ml.Search)
    compositions: bool = False


def _mechanism(equations: dict[str, tuple[float, float]], orders: dict[str, int] | None = None) -> Mechanism:
    """Irreversible reactions with (ln A, Ea [J/kmol]) between species without compositions."""
    reactions, names = [], dict[str, None]()
    for equation, (log_a, energy) in equations.items():
        sides = []
        for side in equation.split("=>"):
            parts = [part.split() for part in side.split("+")]
            sides.append({part[-1]: int(part[0]) if len(part) > 1 else 1 for part in parts})
        names |= dict.fromkeys([*sides[0], *sides[1]])
        law = Arrhenius(float(np.exp(log_a)), Ea=energy)
        reactions.append(Reaction(sides[0], sides[1], law, orders=orders))
    return Mechanism(tuple(Species(name) for name in names), tuple(reactions))


def _steady(temperature: float, time: Array, first: Array) -> Trajectory:
    states = np.tile(first, (len(time), 1))
    kelvin = np.full(len(time), temperature)
    return Trajectory(time, states, kelvin, np.full(len(time), np.nan), None, "isothermal")


def _biodiesel(_: np.random.Generator) -> Mechanism:
    return _mechanism(
        {
            "TG + ROH => DG + E": (18.60, 14.54 * KCAL),
            "DG + ROH => MG + E": (19.13, 14.42 * KCAL),
            "MG + ROH => GL + E": (7.93, 6.47 * KCAL),
        }
    )


def _biodiesel_runs(truth: Mechanism, draw: np.random.Generator) -> list[Trajectory]:
    made, minutes = [], np.arange(50.0)
    for kelvin in draw.uniform(323.0, 343.0, 30):
        amounts = {"TG": draw.uniform(0.2, 2.2), "ROH": draw.uniform(0.2, 2.2)}
        made.append(_steady(kelvin, minutes, np.array([amounts.get(name, 0.0) for name in truth.species_names])))
    return made


def _chain(_: np.random.Generator) -> Mechanism:
    return _mechanism({"A => B": (np.log(1e10), 80 * KJ), "B => C": (np.log(1e12), 100 * KJ)})


def _ramps(_: Mechanism, draw: np.random.Generator) -> list[Trajectory]:
    made = []
    for rate in np.array([2.0, 5.0, 10.0]) / 60:
        for amount in draw.uniform(0.2, 2.0, 2):
            seconds = np.linspace(0.0, 100.0 / rate, 60)
            run = _steady(300.0, seconds, np.array([amount, 0.0, 0.0]))
            made.append(replace(run, temperature=300.0 + rate * seconds, reactor="given-temperature"))
    return made


def _n2o5(_: np.random.Generator) -> Mechanism:
    return _mechanism({"2 N2O5 => 4 NO2 + O2": (31.3, 103 * KJ)}, orders={"N2O5": 1})


def _n2o5_runs(_: Mechanism, draw: np.random.Generator) -> list[Trajectory]:
    made = []
    for celsius in (25.0, 35.0, 45.0, 55.0, 65.0):
        kelvin = celsius + 273.15
        end = 1.5 / np.exp(31.3 - 103 * KJ / (GAS_CONSTANT * kelvin))
        made.append(_steady(kelvin, np.linspace(0.0, end, 30), np.array([draw.uniform(0.005, 0.02), 0.0, 0.0])))
    return made


def _example(name: str) -> Callable[[np.random.Generator], Mechanism]:
    def with_energies(draw: np.random.Generator) -> Mechanism:
        """The example's rate constants at 350 K, each with an energy of 20 to 100 kJ/mol."""
        study = load_study(example_studies()[name])
        assert study.source is not None
        known = ml.read_mechanism(find_mechanism(study.source.mechanism, study.folder))

        def law(rate: Arrhenius | None) -> Arrhenius | None:
            energy = float(draw.uniform(20, 100)) * KJ
            return rate and Arrhenius(float(rate.at(350.0) * np.exp(energy / (GAS_CONSTANT * 350.0))), Ea=energy)

        made = [replace(each, rate=law(each.rate), reverse_rate=law(each.reverse_rate)) for each in known.reactions]
        return replace(known, reactions=tuple(made))

    return with_energies


def _over_temperatures(
    end: float, start: float, low: float
) -> Callable[[Mechanism, np.random.Generator], list[Trajectory]]:
    def made(truth: Mechanism, draw: np.random.Generator) -> list[Trajectory]:
        seconds = np.array([0.0, *np.geomspace(start, end, 60)])
        return [
            _steady(kelvin, seconds, draw.uniform(low, 1.0, len(truth.species)))
            for kelvin in draw.uniform(300, 400, 30)
        ]

    return made


def _pairs(tied: bool) -> Callable[[np.random.Generator], Mechanism]:
    def made(_: np.random.Generator) -> Mechanism:
        forward = {"A + B => C": (np.log(3e8), 60 * KJ), "C => D": (np.log(2e9), 65 * KJ)}
        back = {"A + B => C": (np.log(4e10), 75 * KJ), "C => D": (np.log(3e11), 80 * KJ)}
        plain = _mechanism(forward)
        heat = {"A": 0.0, "B": 0.0, "C": -15 * KJ, "D": -30 * KJ}
        parts = {"A": {"C": 1.0}, "B": {"H": 1.0}, "C": {"C": 1.0, "H": 1.0}, "D": {"C": 1.0, "H": 1.0}}
        species = [
            Species(each.name, parts[each.name], ConstantCp(298.15, heat[each.name], 0.0, 3e4))
            for each in plain.species
        ]
        reactions = [
            replace(each, reversible=True)
            if tied
            else replace(each, reverse_rate=Arrhenius(float(np.exp(log_a)), Ea=energy))
            for each, (log_a, energy) in zip(plain.reactions, back.values(), strict=True)
        ]
        return replace(plain, species=tuple(species), reactions=tuple(reactions))

    return made


def _pair_runs(truth: Mechanism, draw: np.random.Generator) -> list[Trajectory]:
    seconds = np.array([0.0, *np.geomspace(0.01, 300.0, 40)])
    return [_steady(kelvin, seconds, draw.uniform(0.0, 1.0, 4)) for kelvin in draw.uniform(300, 400, 20)]


CASES = {
    "biodiesel": Case(_biodiesel, _biodiesel_runs, 0.05),
    "ramp": Case(_chain, _ramps, 0.01, floor=1e-3),
    "michaelis-menten": Case(_example("michaelis-menten"), _over_temperatures(20.0, 1e-8, 0.2), 0.01),
    "hydrogen-oxidation": Case(
        _example("hydrogen-oxidation"), _over_temperatures(3.0, 1e-7, 0.2), 0.01, compositions=True
    ),
    "n2o5": Case(_n2o5, _n2o5_runs, 0.02),
    "pairs": Case(_pairs(False), _pair_runs, 0.01, compositions=True),
    "pairs-thermo": Case(_pairs(True), _pair_runs, 0.01, search=ml.Search(reverse="thermo"), compositions=True),
}


def data_of(case: Case, seed: int) -> tuple[Mechanism, Trajectories, Trajectories]:
    """The truth, exact runs by CVODES, and what was measured."""
    draw = np.random.default_rng([seed, 7])
    truth = case.mechanism(draw)
    empty = [replace(run, name=f"run{i:03d}") for i, run in enumerate(case.runs(truth, draw))]
    with tempfile.TemporaryDirectory() as folder:
        write_mechanism(truth, Path(folder) / "truth.yaml")
        made, failures = resimulate(Path(folder) / "truth.yaml", Trajectories(truth.species, tuple(empty)))
    assert not failures, failures
    exact = Trajectories(truth.species, tuple(replace(made[run.name], rates=None) for run in empty))
    species = truth.species if case.compositions else tuple(Species(name) for name in truth.species_names)
    floor = case.floor * np.concatenate([run.concentrations for run in exact.runs]).max(axis=0)
    noisy = []
    for run in exact.runs:
        size = np.hypot(case.noise * run.concentrations, floor)
        values = run.concentrations + size * draw.standard_normal(size.shape)
        noisy.append(replace(run, concentrations=values))
    return truth, exact, replace(exact, species=species, runs=tuple(noisy))


Laws = dict[OneWayReaction, Arrhenius]


def laws_of(mechanism: Mechanism) -> Laws:
    """Each one-way reaction with a rate constant of its own."""
    found = {}
    for i, part, direction in one_way_reactions(mechanism):
        reaction = mechanism.reactions[i]
        rate = reaction.rate if part == "forward" else reaction.reverse_rate
        if rate is not None:
            found[direction] = rate
    return found


def truth_fitted(laws: Laws, runs: Trajectories, noise: Noise, *, fit: bool) -> FitState:
    """The true reactions beside runs: at their true parameters, or at those that fit best."""
    count = len(laws)
    pool = Candidates(MassAction(tuple(laws)), np.arange(count), LogOffset.none(count))
    problem = TrajectoryProblem.of(pool, run_arrays(runs), noise)
    theta = np.array([problem.basis.theta(law) for law in laws.values()])
    problem = replace(problem, steps=Steps.from_the_first(problem.data.time.shape[1] - 1))
    state = problem.evaluate(theta, problem.data.first)
    assert state is not None
    state = state.resolved()
    if not fit:
        return replace(state, problem=state.problem.with_weights(state.samples))
    _, network, _ = with_competitors(pool, state, np.arange(count), runs, ml.Search(), lambda done, text: None)
    return fitted(network.state, tolerance=1e-4)


def least_errors(case: Case, laws: Laws, exact: Trajectories) -> Array:
    """The bound of Cramér and Rao for ln k at the reference temperature, then Ea [J/kmol], initial states unknown."""
    largest = np.concatenate([run.concentrations for run in exact.runs]).max(axis=0)
    state = truth_fitted(laws, exact, Noise(case.noise, max(case.floor, 1e-6 * case.noise) * largest), fit=False)
    scales = np.repeat(state.problem.basis.scales, len(laws))
    return np.asarray(np.sqrt(np.diag(full_information(state).covariance())) * scales)


def errors_of(found: Laws, truth: Laws, temperature: float) -> Array:
    """Errors of ln k at a temperature [K], then of Ea [J/kmol], in the order of the truth."""
    at = [float(np.log(found[d].at(temperature) / law.at(temperature))) for d, law in truth.items()]
    return np.array([*at, *(found[d].Ea - law.Ea for d, law in truth.items())])


def mistaken(runs: Trajectories, control: str, seed: int) -> Trajectories:
    """The runs with wrong temperatures."""
    draw, count = np.random.default_rng([seed, 8]), len(runs)
    columns = [run.temperature for run in runs.runs]
    if control == "permuted":
        columns = [columns[i] for i in draw.permutation(count)]
    elif control == "off":
        columns = [column + error for column, error in zip(columns, draw.standard_normal(count), strict=True)]
    elif control == "shifted":
        columns = [column + 5.0 for column in columns]
    elif control == "late":
        columns = [np.interp(run.time - 120.0, run.time, run.temperature) for run in runs.runs]
    return runs.select([replace(run, temperature=column) for run, column in zip(runs.runs, columns, strict=True)])


def one_seed(name: str, seed: int, refit: bool, control: str = "") -> dict[str, Any]:
    """Learn from one draw, or fit the true reactions, and compare with the truth."""
    case = CASES[name]
    truth, exact, runs = data_of(case, seed)
    runs = mistaken(runs, control, seed)
    laws, line = laws_of(truth), {"case": name, "seed": seed, "refit": refit, "control": control}
    started = time.process_time()
    if refit:
        state = truth_fitted(laws, runs, ml.estimate_noise(runs), fit=True)
        basis, scale = state.problem.basis, chi2_per_datum(state)
        found = {d: basis.law(each) for d, each in zip(laws, state.theta, strict=True)}
        deviation = np.sqrt(np.diag(full_information(state).covariance()) * scale) * np.repeat(basis.scales, len(laws))
        temperature, line = basis.reference, line | {"exact": True, "status": "", "misfit": scale}
    else:
        balances, _ = ml.chosen_balances(runs, case.search)
        discovery = ml.discover(balances, case.search)
        fit, comparison = discovery.trajectory_fit, ml.compare(discovery.mechanism, truth)
        line |= {"exact": comparison.exact, "status": discovery.status, "missing": list(map(str, comparison.missing))}
        line |= {"spurious": list(map(str, comparison.spurious)), "equations": list(discovery.mechanism.equations)}
        line |= {"misfit": None if fit is None else fit.misfit, "message": discovery.message}
        if fit is None or not comparison.exact:
            return line | {"seconds": time.process_time() - started}
        place = {each.direction: i for i, each in enumerate(fit.found)}
        found, temperature = {each.direction: each.rate for each in fit.found}, fit.temperature
        order = [place[d] for d in laws]
        rows = [*order, *(len(place) + i for i in order)]
        deviation = np.sqrt(np.diag(np.array(fit.covariance)))[rows]
    line["seconds"] = time.process_time() - started
    error = errors_of(found, laws, temperature)
    line |= {"errors": error.tolist(), "deviations": deviation.tolist()}
    if not any(each.reversible for each in truth.reactions):
        line["least"] = least_errors(case, laws, exact).tolist()
    return line


def summed_up(name: str, lines: list[dict[str, Any]]) -> str:
    """One line of the table."""
    whole = [line for line in lines if line["exact"]]
    ratio = np.array([e / d for line in whole for e, d in zip(line["errors"], line["deviations"], strict=True)])
    bound = np.array([e / d for line in whole for e, d in zip(line["errors"], line.get("least", []), strict=False)])
    wrong = sum(line["status"] == "recovered" and not line["exact"] for line in lines)
    seconds = [line["seconds"] for line in lines]
    hold = f"{np.mean(np.abs(ratio) < 1.96):.3f} of {len(ratio)}" if len(ratio) else "-"
    over = f"{np.sqrt(np.mean(bound**2)):.2f}" if len(bound) else "-"
    return (
        f"{name:20} {len(whole):>4}/{len(lines)} {wrong:>16} {hold:>16} {over:>12} "
        f"{np.median(seconds):10.1f} {max(seconds):8.1f}"
    )


def main() -> None:
    """Run what is asked for and print one line per case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES), metavar="CASE")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--refit", action="store_true", help="the true reactions are given")
    parser.add_argument("--control", choices=["permuted", "off", "shifted", "late"], default="", help="of temperatures")
    parser.add_argument("-o", "--output", type=Path, default=None, help="file of JSON lines, one a seed")
    arguments = parser.parse_args()
    print(
        f"{'case':20} {'exact':>7} {'wrong recovered':>16} {'intervals hold':>16} {'error/bound':>12} "
        f"{'s, median':>10} {'largest':>8}"
    )
    for name in arguments.cases:
        lines = []
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            lines.append(one_seed(name, seed, arguments.refit, arguments.control))
            if arguments.output:
                with arguments.output.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(lines[-1]) + "\n")
        print(summed_up(name, lines), flush=True)


if __name__ == "__main__":
    main()
