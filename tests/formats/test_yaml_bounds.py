from pathlib import Path

import cantera as ct
import pytest

from mechlearn.errors import DataError, FormatError, StudyError
from mechlearn.formats.cantera_yaml.mechanism_reading import read_mechanism
from mechlearn.formats.tables.runs_file import read_runs
from mechlearn.formats.yaml_bounds import excess
from mechlearn.simulation.mechanisms import load_gas
from mechlearn.study.schema import load_study

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
ITSELF = "a: &a {b: *a}\n"
DEEP = f"a: {'[' * 2000}{']' * 2000}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [(LAUGHS, "stand for more than 100000 values"), (ITSELF, "within what it names"), (DEEP, "within each other")],
)
def test_what_grows_without_end_is_refused_wherever_yaml_is_read(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    for read, error in ((load_study, StudyError), (read_runs, DataError), (read_mechanism, FormatError)):
        with pytest.raises(error, match=message):
            read(path)
    with pytest.raises(FormatError, match=message):
        load_gas(path)


def test_aliases_within_bounds_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("data: &a runs.csv\nmechanism: *a\n")
    assert load_study(path).mechanism == "runs.csv"


@pytest.mark.parametrize("name", ["gri30.yaml", "nDodecane_Reitz.yaml", "example_data/ammonia-CO-H2-Alzueta-2023.yaml"])
def test_mechanisms_are_within_bounds(name: str) -> None:
    assert not excess((Path(ct.__file__).parent / "data" / name).read_text(encoding="utf-8"))
