"""Mechanisms of Cantera learnt back from their own production rates: success, rates, ignition delays over seeds.

    python tools/real_chemistry.py                                   h2o2.yaml, 10 seeds, without noise
    python tools/real_chemistry.py --noise 0.01 --seeds 10
    python tools/real_chemistry.py --mechanism air.yaml --seeds 3
    python tools/real_chemistry.py --mechanism gri30.yaml --designed --molecules 3
                                                                     states that separate the reactions; no seeds
    python tools/real_chemistry.py --courses 5 --seeds 1             25 ignitions of H2 and air at 5 atm, nothing else
    python tools/real_chemistry.py --method network                  no list of candidates: the network proposes them
    python tools/real_chemistry.py --delays                          also 27 ignition delays of hydrogen and air
    python tools/real_chemistry.py --tables                          also k(T) and efficiencies of colliders

Each seed draws its own states (log-uniform mole fractions of all species, the temperatures and pressures of
mechanisms/h2o2.study.yaml) and its own search.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np
from rate_tables import rate_tables, text_of

import mechlearn as ml
from mechlearn.conditions import Designed
from mechlearn.kinetics import progress
from mechlearn.study import example_studies, load_study

LIVE = 1e-3
"""Share of the gross rate above which a net production rate is compared."""


def main() -> None:
    """Run what is asked for and print a line for each seed."""
    asked = parser().parse_args()
    results = []
    for seed in range(asked.first, asked.first + (1 if asked.designed else asked.seeds)):
        result = one_seed(asked, seed)
        results.append(result)
        print(
            json.dumps({key: value for key, value in result.items() if key not in ("tables", "found_by")}), flush=True
        )
        if asked.tables:
            print(text_of(result["tables"]), flush=True)
    if asked.output:
        asked.output.write_text(json.dumps(results, indent=1), encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mechanism", default="h2o2.yaml", help="a file of Cantera")
    options.add_argument("--phase", default=None, help="where the file has several (h2o2.yaml: ohmech)")
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    options.add_argument("--noise", type=float, default=0.0, help="Gaussian, as a share of each rate")
    options.add_argument("--molecules", type=int, default=2, help="most on the larger side of a candidate")
    options.add_argument("--method", default="library", help="network and both as well; neither for designed states")
    options.add_argument("--runs", type=int, default=24, help="states at each of 30 temperatures and pressures")
    options.add_argument("--temperatures", type=float, nargs="+", metavar="K", help="instead of the study's ten")
    options.add_argument("--designed", action="store_true", help="each species alone and each pair in a bath")
    options.add_argument("--courses", type=float, nargs="+", metavar="ATM", help="ignitions at these pressures alone")
    options.add_argument("--delays", action="store_true", help="ignition delays of the learnt mechanism (h2o2.yaml)")
    options.add_argument("--tables", action="store_true", help="k(T) and efficiencies against the source's")
    options.add_argument("-o", "--output", type=Path, help="results as JSON")
    return options


def one_seed(asked: argparse.Namespace, seed: int) -> dict[str, Any]:
    """States, search and comparison with one seed."""
    phase = asked.phase or ("ohmech" if asked.mechanism == "h2o2.yaml" else "")
    study = load_study(example_studies()["h2o2"])
    source = study.source
    assert source is not None
    source = replace(source, mechanism=asked.mechanism, phase=phase, seed=seed)
    initial = replace(source.initial, runs=asked.runs)
    if asked.temperatures:
        source = replace(source, temperature=tuple(asked.temperatures))
    source = fresh = replace(source, initial=initial)
    if asked.designed:
        temperatures = tuple(np.linspace(1000.0, 2500.0, 7))
        source = replace(source, initial=Designed(sample="designed"), temperature=temperatures)
    if asked.courses:
        source = replace(source, **courses(asked.courses, seed))
    runs = ml.simulate(replace(study, source=source))
    if asked.designed:
        bath = dict(zip(runs.species_names, runs.runs[0].concentrations[0].tolist(), strict=True))
        fresh = replace(
            fresh, initial=Designed(sample="designed").mixtures(2, {n: c for n, c in bath.items() if c > 0})
        )
    generator = np.random.default_rng([seed, 7])
    noisy = [
        replace(run, rates=run.rates * (1 + asked.noise * generator.normal(size=run.rates.shape)))
        for run in runs.runs
        if run.rates is not None
    ]
    balances = ml.differential_balances(runs.select(noisy))
    started, used = time.perf_counter(), time.process_time()
    found = ml.discover(balances, replace(study.learn, seed=seed, molecularity=asked.molecules, method=asked.method))
    seconds, used = time.perf_counter() - started, time.process_time() - used
    known = ml.read_mechanism(asked.mechanism if Path(asked.mechanism).exists() else _shipped(asked.mechanism), phase)
    comparison = ml.compare(found.mechanism, known, stoichiometry=True)
    others = ml.differential_balances(ml.simulate(replace(study, source=replace(fresh, seed=seed + 1000))))
    result: dict[str, Any] = {
        "seed": seed,
        "states": len(balances.temperature),
        "matched": len(comparison.matched),
        "missing": list(comparison.missing),
        "spurious": list(comparison.spurious),
        "found_by": [list(each.found_by) for each in found.reactions],
        "status": found.status,
        "message": found.message,
        "noise": found.noise,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used, 1),
        "fresh_rate_error": fresh_rate_error(found.mechanism, others),
    }
    if asked.tables:
        result["tables"] = rate_tables(found.mechanism, known, balances)
    if asked.delays:
        result["delay_error"] = delay_error(found.mechanism)
    return result


def courses(pressures: list[float], seed: int) -> dict[str, Any]:
    """25 adiabatic ignitions of hydrogen and air at each pressure [atm], with the solver's own steps as states."""
    drawn = np.random.default_rng([seed, 8]).uniform(size=(2, 5))
    return {
        "reactor": "constant-pressure",
        "temperature": tuple(np.sort(1000.0 + 400.0 * drawn[0]).round()),
        "pressure": tuple(pressure * ct.one_atm for pressure in pressures),
        "initial": {"fuel": "H2", "oxidizer": "O2:1, N2:3.76", "phi": np.sort(0.5 * 4.0 ** drawn[1]).round(3).tolist()},
        "times": {"end": 5e-3, "count": 40, "spacing": "solver"},
    }


def _shipped(name: str) -> Path:
    for folder in ct.get_data_directories():
        if (Path(folder) / name).exists():
            return Path(folder) / name
    raise SystemExit(f"{name} is not among Cantera's files.")


def fresh_rate_error(mechanism: ml.Mechanism, fresh: ml.Balances) -> dict[str, float]:
    """Net production rates at states never seen: relative error where the net rate is no small difference."""
    forward, reverse = progress(mechanism, fresh.concentrations, fresh.temperature)
    made, gross = (forward - reverse) @ mechanism.net, (forward + reverse) @ np.abs(mechanism.net)
    live = np.abs(fresh.accumulation) > LIVE * gross
    error = np.abs(made - fresh.accumulation)[live] / np.abs(fresh.accumulation)[live]
    return {"median": float(np.median(error)), "q99": float(np.quantile(error, 0.99)), "max": float(error.max())}


def delay_error(mechanism: ml.Mechanism) -> dict[str, float]:
    """Ignition delays (largest dT/dt, constant volume) of the learnt file over those of h2o2.yaml, less one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "learned.yaml"
        ml.write_mechanism(mechanism, path)
        gases = [ct.Solution("h2o2.yaml", "ohmech"), ct.Solution(str(path))]
    errors = []
    for temperature in (1000.0, 1250.0, 1500.0):
        for pressure in (1.0, 5.0, 10.0):
            for phi in (0.5, 1.0, 2.0):
                known, found = (_delay(gas, temperature, pressure * ct.one_atm, phi) for gas in gases)
                errors.append(abs(found / known - 1))
    return {"median": float(np.median(errors)), "max": max(errors)}


def _delay(gas: ct.Solution, temperature: float, pressure: float, phi: float) -> float:
    gas.TP = temperature, pressure
    gas.set_equivalence_ratio(phi, "H2", "O2:1, N2:3.76")
    reactor = ct.IdealGasReactor(gas, clone=False)
    network = ct.ReactorNet([reactor])
    network.rtol, network.atol = 1e-9, 1e-18
    times, temperatures = [0.0], [temperature]
    while network.time < 1.0 and temperatures[-1] < temperature + 1500:
        network.step()
        times.append(network.time)
        temperatures.append(reactor.T)
    rise = np.diff(temperatures) / np.diff(times)
    return float(times[int(np.argmax(rise))])


if __name__ == "__main__":
    main()
