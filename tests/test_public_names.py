"""The public names: all there, explained, loaded on first use only."""

from __future__ import annotations

import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mechlearn as ml

ROOT = Path(__file__).parent.parent

CONTRACT = [
    "Search",
    "compare",
    "cycles",
    "difference",
    "differential_balances",
    "discover",
    "drg_coefficients",
    "drgep_coefficients",
    "estimate_uncertainty",
    "find_alternatives",
    "flux_graph",
    "from_dataframe",
    "from_solution_array",
    "integral_balances",
    "lump",
    "main_chain",
    "neighbourhood",
    "production_table",
    "progress_graph",
    "progress_history",
    "reaction_graph",
    "read_csv",
    "read_hdf5",
    "read_mechanism",
    "refine",
    "simulate",
    "strongest_paths",
    "threshold",
    "to_cantera",
    "validate",
    "viewer_content",
    "weak_balances",
    "write_csv",
    "write_flux_graph",
    "write_hdf5",
    "write_mechanism",
    "write_viewer",
]

ONE_PLAIN_ARGUMENT = [
    "differential_balances",
    "discover",
    "from_dataframe",
    "integral_balances",
    "reaction_graph",
    "read_csv",
    "read_hdf5",
    "read_mechanism",
    "simulate",
    "to_cantera",
    "weak_balances",
]


@pytest.mark.parametrize("name", ml.__all__)
def test_public_name_is_there_and_explained(name: str) -> None:
    explained = getattr(ml, name).__doc__
    assert explained
    assert not explained.startswith(f"{name}(")  # what a dataclass says that was given no docstring
    assert name in dir(ml)


@pytest.mark.parametrize("name", CONTRACT)
def test_names_on_which_scripts_rely_stay(name: str) -> None:
    assert name in ml.__all__
    assert callable(getattr(ml, name))


@pytest.mark.parametrize("name", ONE_PLAIN_ARGUMENT)
def test_functions_need_their_first_argument_only(name: str) -> None:
    inspect.signature(getattr(ml, name)).bind("first")


def test_records_have_what_scripts_ask_them_for() -> None:
    assert {"split", "species", "runs"} <= set(dir(ml.Trajectories)) | set(ml.Trajectories.__annotations__)
    assert {"mechanism", "status", "loss", "history", "search"} <= set(ml.Discovery.__annotations__)
    inspect.signature(ml.Trajectories.split).bind("runs", hold_out=0.2, seed=0)
    ml.Search(reactions="auto", seed=0)


def test_no_public_name_hides_a_room() -> None:
    rooms = {path.stem for path in (ROOT / "mechlearn").iterdir()}
    assert not rooms & set(ml.__all__)


def test_names_that_are_not_there_are_refused() -> None:
    with pytest.raises(AttributeError, match="nothing_like_that"):
        _ = ml.nothing_like_that  # type: ignore[attr-defined]
    assert not hasattr(ml, "_private")


def test_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert ml.__version__ == project["version"], "installed from an older state; install again"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, mechlearn; print({m.partition('.')[0] for m in sys.modules} & set(sys.argv))"
    heavy = ["torch", "cantera", "matplotlib", "scipy", "numpy", "pydantic", "networkx", "h5py", "typer"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_torch_is_loaded_when_a_network_is_trained_and_not_before() -> None:
    code = "import sys, mechlearn as ml; ml.discover, ml.simulate, ml.validate; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
