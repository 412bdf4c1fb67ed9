import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from mechlearn.chemistry.mechanism import Species
from mechlearn.data.trajectories import Reactor, Trajectories, Trajectory
from mechlearn.errors import FormatError
from mechlearn.report.figures.validation import draw_validation, validation_figure
from mechlearn.validation.validation_result import Validation


def decay(
    names: tuple[str, ...], *, count: int = 5, logarithmic: bool = False, reactor: Reactor = "isothermal"
) -> Trajectories:
    times = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 30)]) if logarithmic else np.linspace(0.0, 1.0, 11)
    runs = []
    for i in range(count):
        concentrations = np.exp(-np.outer(times, 1.0 + i + np.arange(len(names))))
        temperature = 1000.0 + 100.0 * times * (reactor != "isothermal")
        pressure = np.full(len(times), 101325.0)
        runs.append(Trajectory(times, concentrations, temperature, pressure, reactor=reactor, name=f"run{i}"))
    return Trajectories(tuple(Species(name) for name in names), tuple(runs))


def compared(runs: Trajectories, tolerance: float = 1e-3) -> Validation:
    """A validation whose error grows with the run and the species."""
    shape = (len(runs), len(runs.species))
    errors = 1e-4 * (1.0 + np.arange(shape[0])[:, None]) * (1.0 + np.arange(shape[1]))
    return Validation(
        tolerance=tolerance,
        held_out=True,
        species=runs.species_names,
        runs=tuple(run.name for run in runs.runs),
        errors=errors,
        times=np.zeros(shape),
        excess=errors,
        simulated={run.name: replace(run, concentrations=run.concentrations * 1.05) for run in runs.runs},
    )


def texts(path: Path) -> list[str]:
    root = ET.parse(path).getroot()
    return ["".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_svg_holds_species_runs_units_and_verdict(tmp_path: Path) -> None:
    runs = decay(("A_1", "$B$", "C<&>"))
    validation = compared(runs)
    validation_figure(validation, runs, tmp_path / "validation.svg")
    found = texts(tmp_path / "validation.svg")
    assert {"A_1", "$B$", "C<&>", "time [s]", "c [kmol/m³]"} <= set(found)
    everything = " ".join(found)
    assert all(
        f"{word}: {name}" in everything for word, name in (("worst", "run4"), ("median", "run2"), ("best", "run0"))
    )
    assert "Failed: 5 of 5 held-out runs" in everything


@pytest.mark.parametrize("names", [("A",), ("A", "B", "C"), tuple("ABCDEFGH")])
def test_a_long_verdict_stays_inside_the_figure(names: tuple[str, ...]) -> None:
    runs = decay(names)
    figure = draw_validation(replace(compared(runs), failures={"a run with a long name " * 12: "stiff"}), runs)
    figure.draw_without_rendering()
    title = next(iter(figure.subfigs)).texts[0]
    assert len(title.get_text()) > 300
    assert title.get_window_extent().x1 <= figure.bbox.width


def test_png_is_an_image_of_useful_size(tmp_path: Path) -> None:
    runs = decay(("A", "B"))
    validation_figure(compared(runs), runs, tmp_path / "validation.png")
    data = (tmp_path / "validation.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert min(struct.unpack(">II", data[16:24])) > 400


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_same_validation_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    runs = decay(("A", "B"))
    for name in ("one", "two"):
        validation_figure(compared(runs), runs, tmp_path / f"{name}.{ending}")
    assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()


def test_settings_of_the_user_change_nothing(tmp_path: Path) -> None:
    runs = decay(("A",))
    validation_figure(compared(runs), runs, tmp_path / "one.svg")
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 20, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        validation_figure(compared(runs), runs, tmp_path / "two.svg")
        assert dict(matplotlib.rcParams) == before
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize("logarithmic", [False, True])
def test_time_axis_follows_the_spacing_of_the_times(logarithmic: bool) -> None:
    runs = decay(("A",), logarithmic=logarithmic)
    axes = draw_validation(compared(runs), runs).get_axes()[0]
    assert axes.get_xscale() == ("log" if logarithmic else "linear")


def test_points_are_the_data_and_lines_the_re_simulation() -> None:
    runs = decay(("A",), count=1)
    line, points = draw_validation(compared(runs), runs).get_axes()[0].get_lines()
    np.testing.assert_array_equal(points.get_ydata(), runs.runs[0].concentrations[:, 0])
    np.testing.assert_array_equal(line.get_ydata(), 1.05 * runs.runs[0].concentrations[:, 0])
    assert (line.get_linestyle(), points.get_linestyle()) == ("-", "None")


def test_of_many_species_the_twelve_with_the_largest_errors_are_shown() -> None:
    runs = decay(tuple(f"S{i}" for i in range(15)))
    titles = [axes.get_title(loc="left") for axes in draw_validation(compared(runs), runs).get_axes()]
    assert titles[:12] == [f"S{i}" for i in range(3, 15)]


def test_adiabatic_runs_have_a_panel_of_temperature() -> None:
    runs = decay(("A",), reactor="constant-volume")
    panels = {axes.get_title(loc="left"): axes for axes in draw_validation(compared(runs), runs).get_axes()}
    assert panels["temperature"].get_ylabel() == "T [K]"


def test_without_a_re_simulated_run_the_figure_says_why(tmp_path: Path) -> None:
    runs = decay(("A",), count=1)
    failed = replace(compared(runs), simulated={}, errors=np.full((1, 1), np.nan), failures={"run0": "too stiff"})
    validation_figure(failed, runs, tmp_path / "validation.svg")
    assert "run0: too stiff" in " ".join(texts(tmp_path / "validation.svg"))


def test_unknown_ending_is_refused(tmp_path: Path) -> None:
    runs = decay(("A",))
    with pytest.raises(FormatError, match=r"validation\.pdf.*\.svg or \.png"):
        validation_figure(compared(runs), runs, tmp_path / "validation.pdf")
    assert not list(tmp_path.iterdir())
