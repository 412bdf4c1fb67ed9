"""Reduction: candidates are right, sensitivities are derivatives, and what is written keeps the limits."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import cantera as ct
import numpy as np
import pytest
from cantera import ck2yaml

import mechlearn as ml
from mechlearn.errors import SimulationError, StudyError
from mechlearn.pathways.drg import drgep_coefficients
from mechlearn.pathways.recording import progress_history
from mechlearn.reduction.adjoint import linearised
from mechlearn.reduction.candidate_phases import SourceMechanism, source_of
from mechlearn.reduction.conditions import task_of
from mechlearn.reduction.ranking import overall_coefficients
from mechlearn.reduction.reduction_records import Candidate, Task
from mechlearn.reduction.refit import BOUNDS
from mechlearn.reduction.response import FINE, ignite
from mechlearn.reduction.scoring import Trial, refer, residuals, score
from mechlearn.study.reduce import request_of
from mechlearn.study.schema import example_studies, load_study

from ..processes import interruptible

HYDROGEN = """
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [1100, 1500]
  pressure: [1 atm, 10 atm]
  initial: {fuel: H2, oxidizer: "O2:1, N2:3.76", phi: [0.5, 1]}
  times: none
reduce:
  targets: {ignition_delay: {limit: 0.05}, temperature: {limit: 0.02}, species: {limit: 0.1, names: [H2, OH]}}
  profiles: {at: corners}
  rates: keep
  held_out: {temperature: [1300], pressure: [3 atm], phi: [0.7]}
"""
RANDOM = "{sample: uniform, of: mole-fractions, low: 0, high: 1, runs: 3}"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "hydrogen.yaml"
    path.write_text(HYDROGEN)
    return path


def ready(task: Task) -> Task:
    """The task with references."""
    answers = [refer(task, number, 10.0, ("H2", "O2")) for number in range(len(task.conditions))]
    return replace(task, references=tuple(answer[0] for answer in answers if answer is not None))


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    path = tmp_path_factory.mktemp("study") / "hydrogen.yaml"
    path.write_text(HYDROGEN)
    return ready(task_of(request_of(load_study(path))))


def test_conditions_are_the_product_and_profiles_are_at_its_corners(study: Path) -> None:
    found = task_of(request_of(load_study(study)))
    assert [(c.temperature, c.pressure, c.phi) for c in found.conditions] == list(
        product((1100.0, 1500.0), (101325.0, 1013250.0), (0.5, 1.0))
    )
    assert all(c.profiled for c in found.conditions)
    three = HYDROGEN.replace("[1100, 1500]", "[1100, 1300, 1500]")
    study.write_text(three)
    assert [c.temperature for c in task_of(request_of(load_study(study))).conditions if not c.profiled] == [1300.0] * 4
    study.write_text(three.replace("  rates", "  conditions: [{temperature: 1250, phi: 0.5}, {phi: 1}]\n  rates"))
    assert len(task_of(request_of(load_study(study))).conditions) == 2 + 6
    study.write_text(HYDROGEN.replace("  rates", "  between: true\n  rates"))
    added = task_of(request_of(load_study(study))).conditions[8:]
    assert [c.profiled for c in added] == [False]
    assert [added[0].temperature, added[0].phi] == pytest.approx([1269.2, 0.5**0.5], abs=0.1)


@pytest.mark.parametrize("constant_pressure", [False, True])
def test_sensitivities_are_the_derivatives_of_all_residuals(task: Task, constant_pressure: bool) -> None:
    condition = replace(task.conditions[1], constant_pressure=constant_pressure, profiled=True)
    one = ready(replace(task, conditions=(condition,), references=()))
    source = source_of(one.mechanism, one.phase)
    answer = linearised(one, Trial(source.whole()), 0)
    assert answer is not None
    values, slopes = answer
    assert np.abs(values).max() < 0.01
    strongest = np.argsort(-np.abs(slopes[:, :, 0]).max(axis=0))[:4]
    for j, place in product(strongest, range(3)):
        moved = []
        for size in (0.02, -0.02):
            change = tuple(size if i == place else 0.0 for i in range(3))
            candidate = replace(source.whole(), changes=((int(j), (change[0], change[1], change[2])),))
            history = ignite(source.build(candidate), one, condition, longest=1.0, tolerances=FINE)
            assert history is not None
            moved.append(one.residuals(0, history.response))
        expected = (moved[0] - moved[1]) / 0.04
        scale = max(1.0, float(np.abs(expected).max()))
        assert slopes[:, j, place] == pytest.approx(expected, abs=0.02 * scale)


def test_the_history_stops_at_ignition_exactly(task: Task) -> None:
    source = source_of(task.mechanism, task.phase)
    condition = task.conditions[0]
    history = ignite(source.gas, task, condition, longest=1.0, tolerances=FINE)
    assert history is not None
    assert history.response.profile[0, 0] == pytest.approx(condition.temperature + 400, abs=0.01)
    gas = ct.Solution("h2o2.yaml")
    gas.TPX = condition.temperature, condition.pressure, dict(condition.mixture)
    network = ct.ReactorNet([ct.IdealGasReactor(gas, clone=False)])
    network.rtol, network.atol = 1e-10, 1e-20
    network.advance(history.response.delay)
    assert pytest.approx(condition.temperature + 400, abs=0.5) == gas.T


def test_a_reaction_switched_off_is_a_reaction_removed(task: Task) -> None:
    source = source_of(task.mechanism, task.phase)
    whole = source.whole()
    off = tuple(j for j in whole.reactions if "H2O2" in source.participants[j])
    species = tuple(i for i, name in enumerate(source.names) if name != "H2O2")
    switched = residuals(task, Trial(whole, off), [0, 4])
    removed = residuals(task, Trial(source.part(species)), [0, 4])
    for one, other in zip(switched, removed, strict=True):
        assert one is not None
        assert other is not None
        assert one == pytest.approx(other, abs=1e-3 * float(np.abs(other).max()))
    again = residuals(task, Trial(whole), [0])[0]
    assert again is not None
    assert np.abs(again).max() < 0.01


def test_a_removed_collider_takes_its_reactions_along() -> None:
    source = source_of("gri30.yaml", "")
    without = source.part(i for i, name in enumerate(source.names) if name not in ("AR", "C2H6"))
    gas = source.build(without)
    assert not [equation for equation in gas.reaction_equations() if "AR" in equation.split()]
    assert any("AR" in reaction.third_body.efficiencies for reaction in source.reactions if reaction.third_body)
    whole = source.gas
    for phase in (whole, gas):
        phase.TPX = 1500, 3e5, "CH4:1, O2:2, N2:7, H:0.1, CH3:0.2, OH:0.1, H2O:1"
    kept = [source.names.index(name) for name in gas.species_names]
    lost = [j for j in range(whole.n_reactions) if not source.participants[j] <= set(gas.species_names)]
    for j in lost:
        whole.set_multiplier(0.0, j)
    try:
        assert gas.net_production_rates == pytest.approx(whole.net_production_rates[kept], rel=1e-9, abs=1e-12)
    finally:
        whole.set_multiplier(1.0)


def test_changed_rates_change_by_the_factor_at_any_temperature_and_pressure() -> None:
    source = source_of("example_data/ammonia-CO-H2-Alzueta-2023.yaml", "")
    kinds: dict[str, int] = {}
    for j, reaction in enumerate(source.reactions):
        if source.changeable(j):
            kinds.setdefault(reaction.reaction_type, j)
    assert {"Arrhenius", "falloff-Troe", "three-body-Arrhenius", "pressure-dependent-Arrhenius"} <= set(kinds)
    change = (0.4, -0.2, 0.3)
    gas = source.build(replace(source.whole(), changes=tuple((j, change) for j in kinds.values())))
    for temperature, pressure in ((900.0, 1e5), (2200.0, 4e6)):
        for phase in (source.gas, gas):
            phase.TPX = temperature, pressure, "NH3:1, O2:1, N2:4"
        ratio = gas.forward_rate_constants / source.gas.forward_rate_constants
        t = temperature / 1500
        expected = math.exp(change[0] + change[1] * math.log(t) - change[2] * (1 / t - 1))
        assert [ratio[j] for j in kinds.values()] == pytest.approx([expected] * len(kinds), rel=1e-9)
        others = [j for j in range(len(ratio)) if j not in kinds.values() and np.isfinite(ratio[j])]
        assert ratio[others] == pytest.approx(1.0, rel=1e-12)


def test_ranking_agrees_with_the_coefficients_of_pathways(study: Path) -> None:
    checked = load_study(study)
    assert checked.source is not None
    source = {"mechanism": "h2o2.yaml", "reactor": "constant-volume", "temperature": 1200, "pressure": "1 atm"}
    runs = ml.simulate(
        ml.Study(source={**source, "initial": {"X": "H2:2, O2:1, N2:4"}, "times": {"end": "60 us", "count": 7}})  # type: ignore[arg-type]
    )
    history = progress_history("h2o2.yaml", runs)
    gas = ct.Solution("h2o2.yaml")
    reactants, products = np.array(gas.reactant_stoich_coeffs), np.array(gas.product_stoich_coeffs)
    states = [history.at(state=i) for i in (2, 4, 6)]
    found = overall_coefficients(
        products - reactants,
        (reactants + products) > 0,
        np.array([state.net for state in states]),
        [gas.species_index("H2")],
    )
    for j, name in enumerate(gas.species_names):
        assert found[j] == pytest.approx(max(drgep_coefficients(state, "H2")[name] for state in states), abs=1e-9)


def test_a_candidate_that_cannot_ignite_or_breaks_is_rejected(task: Task) -> None:
    source = source_of(task.mechanism, task.phase)
    nothing = Candidate(source.whole().species, source.whole().reactions[:1])
    assert score(task, Trial(nothing), [2, 0], 1.0) is None
    wild = replace(source.whole(), changes=((2, (700.0, 0.0, 0.0)),))
    assert score(task, Trial(wild), [0], 1.0) is None
    good = score(task, Trial(source.whole()), [*range(3, 8), 0, 1, 2], 1.0)
    assert good is not None
    assert max(good) < 0.01
    assert len(good) == 8


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, ml.Reduction]:
    folder = tmp_path_factory.mktemp("reduced")
    path = folder / "hydrogen.yaml"
    path.write_text(HYDROGEN)
    return path, folder / "results", ml.reduce_study(load_study(path), folder / "results", cores=1)


def test_what_is_written_keeps_the_limits(kept: tuple[Path, Path, ml.Reduction], tmp_path: Path) -> None:
    _, folder, found = kept
    summary = json.loads((folder / "summary.json").read_text())
    assert found.held
    assert summary["status"] == "held"
    assert all((folder / name).is_file() for name in summary["files"])
    gas = ct.Solution(str(folder / "reduced.yaml"))
    assert (gas.n_species, gas.n_reactions) == (summary["species"], summary["reactions"])
    assert gas.n_reactions < 22
    assert summary["in_sample"]["max_delay_error"] < 0.05
    assert summary["in_sample"]["max_species_error"] < 0.1
    whole = ct.Solution("h2o2.yaml")
    delays = []
    for phase in (whole, gas):
        phase.set_equivalence_ratio(0.7, "H2", "O2:1, N2:3.76")
        phase.TP = 1300, 3 * ct.one_atm
        reactor = ct.IdealGasReactor(phase, clone=False)
        network = ct.ReactorNet([reactor])
        network.rtol, network.atol = 1e-9, 1e-18
        while reactor.T < 1700:
            delays_now = network.step()
        delays.append(delays_now)
    assert delays[1] / delays[0] - 1 == pytest.approx(summary["conditions"]["held_out"][0]["delay_error"], abs=0.01)
    chemkin = [str(folder / "chemkin" / name) for name in ("chem.inp", "therm.dat", "tran.dat")]
    ck2yaml.convert(*chemkin, out_name=str(tmp_path / "back.yaml"), quiet=True)
    back = ct.Solution(str(tmp_path / "back.yaml"))
    back.TPX = gas.TPX = 1500, 2e5, "H2:2, O2:1, N2:3, H:0.1, OH:0.1, HO2:0.01, H2O:1"
    assert back.net_production_rates == pytest.approx(gas.net_production_rates, rel=1e-6, abs=1e-12)


def test_every_stage_is_a_mechanism_and_the_curve_lists_them(kept: tuple[Path, Path, ml.Reduction]) -> None:
    _, folder, found = kept
    rows = list(csv.DictReader((folder / "curve.csv").read_text().splitlines()))
    assert len(rows) == len(found.stages) > 2
    for row in rows:
        gas = ct.Solution(str(folder / "stages" / row["file"]))
        assert (gas.n_species, gas.n_reactions) == (int(row["species"]), int(row["reactions"]))
        assert float(row["error_over_limit"]) <= 1
    gone = [row["name"] for row in csv.DictReader((folder / "removed.csv").read_text().splitlines())]
    whole = ct.Solution("h2o2.yaml")
    last = ct.Solution(str(folder / "reduced.yaml"))
    assert len(gone) == whole.n_species - last.n_species + whole.n_reactions - last.n_reactions


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_an_interrupted_reduction_leaves_whole_files_and_two_cores_go_on_to_the_same(
    kept: tuple[Path, Path, ml.Reduction], tmp_path: Path
) -> None:
    path, folder, found = kept
    other = tmp_path / "results"
    command = [sys.executable, "-m", "mechlearn", "reduce", str(path), "-o", str(other), "--cores", "2", "--quiet"]
    stages = other / "stages" / "stages.json"
    with interruptible():
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    with process:
        while process.poll() is None and not stages.exists():
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read().decode()
    assert (process.returncode, told) == (130, "")
    summary = json.loads((other / "summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert ct.Solution(str(other / "reduced.yaml")).n_reactions == summary["reactions"] > len(found.mechanism.reactions)
    again = ml.reduce_study(load_study(path), other, cores=2)
    assert [stage.candidate for stage in again.stages] == [stage.candidate for stage in found.stages]
    assert (other / "reduced.yaml").read_bytes() == (folder / "reduced.yaml").read_bytes()


def test_refitting_goes_further_within_its_bounds_on_two_cores_the_same(
    study: Path, tmp_path: Path, kept: tuple[Path, Path, ml.Reduction]
) -> None:
    narrow = (
        HYDROGEN.replace("[1100, 1500]", "[1300, 1500]")
        .replace("[1 atm, 10 atm]", "1 atm")
        .replace("[3 atm]", "[1 atm]")
    )
    study.write_text(narrow.replace("rates: keep", "verification_points: 8\n  rates: refit"))
    found = ml.reduce_study(load_study(study), tmp_path / "results", cores=1)
    assert found.held
    assert len(found.mechanism.reactions) < len(kept[2].mechanism.reactions)
    changes = [change for _, change in found.stages[-1].candidate.changes]
    assert changes
    assert np.all(np.abs(changes) <= np.array(BOUNDS) * (1 + 1e-9))
    assert found.summary["in_sample"]["max_delay_error"] < 0.05
    two = ml.reduce_study(load_study(study), tmp_path / "two", cores=2)
    assert two.stages == found.stages
    assert (tmp_path / "two" / "reduced.yaml").read_bytes() == (tmp_path / "results" / "reduced.yaml").read_bytes()
    assert two.summary["seconds"]["processor"] > 0.5 * found.summary["seconds"]["processor"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("constant-volume", "isothermal", "nothing ignites"),
        ("names: [H2, OH]", "names: [H2, CH4]", "reduce.targets.species.names names 'CH4'"),
        ("  rates", "  keep: [NO]\n  rates", "reduce.keep names 'NO'"),
        ('{fuel: H2, oxidizer: "O2:1, N2:3.76", phi: [0.5, 1]}', "{X: H2}", "phi cannot vary"),
        ('{fuel: H2, oxidizer: "O2:1, N2:3.76", phi: [0.5, 1]}', RANDOM, "starts from a mixture"),
        ("targets: {", "targets: {ignition: 3, ", "reduce.targets.ignition: unknown key"),
        ("{limit: 0.05}", "{limit: 0.05, definition: max OH}", "'max OH' is not a definition of the delay"),
        ("rates: keep", "rates: fit", "reduce.rates: 'fit' is not 'keep' or 'refit'"),
        ("phi: [0.7]", "phi: [1.2]", "1300 K, 3 atm, phi 1.2 lies outside the study's conditions by its phi"),
        ("held_out: {temperature: [1300], pressure: [3 atm]", "held_out: {pressure: [20 atm]", "by its pressure"),
        (
            "{temperature: [1300], pressure: [3 atm], phi: [0.7]}",
            "{temperature: [1100, 1300], phi: [1]}",
            "too, so that",
        ),
    ],
)
def test_a_study_that_does_not_fit_is_refused(study: Path, old: str, new: str, message: str) -> None:
    study.write_text(
        HYDROGEN.replace("profiles: {at: corners}", "conditions: [{phi: 1}, {phi: 0.5}]").replace(old, new)
    )
    with pytest.raises(StudyError, match=message.replace("[", r"\[")):
        task_of(request_of(load_study(study)))


def test_every_reduction_that_comes_with_the_package_can_begin() -> None:
    studies = [load_study(path) for path in example_studies().values()]
    reductions = [study for study in studies if study.reduce is not None]
    assert len(reductions) > 4
    assert all(task_of(request_of(study)).conditions for study in reductions)


def test_the_results_of_another_study_are_not_replaced(kept: tuple[Path, Path, ml.Reduction], tmp_path: Path) -> None:
    _, folder, _ = kept
    other = tmp_path / "other.yaml"
    other.write_text(HYDROGEN.replace("0.05", "0.04"))
    with pytest.raises(StudyError, match="holds the results of another study"):
        ml.reduce_study(load_study(other), folder)


OWN_ELEMENTS = """
phases:
- {name: gas, thermo: ideal-gas, elements: [O, H, Ar, N, Qq], species: [{species: [Qq2]}, {h2o2.yaml/species: all}],
   kinetics: gas, reactions: [{h2o2.yaml/reactions: all}], state: {T: 300 K, P: 1 atm}}
elements:
- {symbol: Qq, atomic-weight: 55.5}
- {symbol: H, atomic-weight: 2.014}
species:
- name: Qq2
  composition: {Qq: 2}
  thermo: {model: constant-cp, h0: 2 kcal/mol, s0: 30 cal/mol/K, cp0: 7 cal/mol/K}
"""


def test_candidates_have_the_elements_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(OWN_ELEMENTS)
    source = SourceMechanism(str(path), "")
    part = source.part(range(len(source.names) - 1))
    gas = source.build(part)
    assert gas.species_names == list(source.names[:-1])
    for phase in (gas, source.gas):
        phase.TPX = 1500, 1e5, "Qq2:3, H2:2, O2:1, H:0.1, OH:0.1"
    assert gas.molecular_weights == pytest.approx(source.gas.molecular_weights[:-1], rel=1e-12)
    assert gas.standard_enthalpies_RT == pytest.approx(source.gas.standard_enthalpies_RT[:-1], rel=1e-9)
    assert gas.net_production_rates == pytest.approx(source.gas.net_production_rates[:-1], rel=1e-9, abs=1e-20)


def test_a_gas_too_dilute_to_gain_so_much_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("""
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: 1500
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, AR:397", phi: 1}
  times: {end: 10 ms, count: 3}
reduce:
  targets: {ignition_delay: {limit: 0.1}}
""")
    with pytest.raises(SimulationError, match=r"gains \d\d K at most .*definition: T0\+\d\d\."):
        ml.reduce_study(load_study(path), tmp_path / "out", cores=1)
