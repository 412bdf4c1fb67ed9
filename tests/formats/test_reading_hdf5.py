from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from mechlearn.errors import DataError
from mechlearn.formats.tables.hdf5 import read_hdf5, write_hdf5

from ..runs import of, trajectory


def test_an_hdf5_file_of_another_kind_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.h5"
    path.write_text("time [s],A [M]\n")
    with pytest.raises(DataError, match="is not an HDF5 file"):
        read_hdf5(path)
    with h5py.File(path, "w") as file:
        file["a"] = [1.0]
    with pytest.raises(DataError, match="not one of runs that mechlearn wrote"):
        read_hdf5(path)
    write_hdf5(of(trajectory(times=500)), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="is damaged or incomplete"):
        read_hdf5(path)


def _delete_times(file: h5py.File) -> None:
    del file["runs/time"]


def _newer(file: h5py.File) -> None:
    file.attrs["version"] = 2


def _other_unit(file: h5py.File) -> None:
    file["runs/time"].attrs["units"] = "K"


def _other_starts(file: h5py.File) -> None:
    file["runs/start"][()] = [0, 5, 3]


def _fewer_names(file: h5py.File) -> None:
    del file["runs/parent"]
    file["runs"].create_dataset("parent", data=["", "", ""], dtype=h5py.string_dtype())


def _numbers_for_names(file: h5py.File) -> None:
    del file["runs/name"]
    file["runs/name"] = [1.0, 2.0]


def _not_finite(file: h5py.File) -> None:
    file["runs/concentrations"][1, 0] = np.inf


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_delete_times, "is damaged: time has shape None in place of"),
        (_newer, "has version 2 of the form; this mechlearn reads version 1"),
        (_other_unit, "'K' is not a unit of time"),
        (_other_starts, "is damaged"),
        (_fewer_names, "is damaged"),
        (_numbers_for_names, "is damaged or incomplete"),
        (_not_finite, r"sample 2, column 'A' \(run 'a'\): 'inf' is not a finite number"),
    ],
)
def test_an_hdf5_file_with_wrong_content_is_refused(
    tmp_path: Path, spoil: Callable[[h5py.File], None], message: str
) -> None:
    write_hdf5(of(trajectory("a"), trajectory("b")), tmp_path / "runs.h5")
    with h5py.File(tmp_path / "runs.h5", "r+") as file:
        spoil(file)
    with pytest.raises(DataError, match=message):
        read_hdf5(tmp_path / "runs.h5")


def test_the_hdf5_file_is_what_its_docstring_says(tmp_path: Path) -> None:
    write_hdf5(of(trajectory("a", rates=True), trajectory("b", times=1)), tmp_path / "runs.h5")
    with h5py.File(tmp_path / "runs.h5") as file:
        assert dict(file.attrs) == {"format": "mechlearn runs", "version": 1, "mechanism": "", "phase": ""}
        group = file["runs"]
        assert group["start"][()].tolist() == [0, 3, 4]
        assert group["has_rates"][()].tolist() == [True, False]
        assert group["name"].asstr()[()].tolist() == ["a", "b"]
        assert {key: group[key].attrs["units"] for key in group if "units" in group[key].attrs} == {
            "time": "s",
            "temperature": "K",
            "pressure": "Pa",
            "concentrations": "kmol/m^3",
            "rates": "kmol/m^3/s",
        }


def test_hdf5_in_other_units_gives_the_same_runs(tmp_path: Path) -> None:
    runs = of(trajectory("a"))
    write_hdf5(runs, tmp_path / "runs.h5")
    with h5py.File(tmp_path / "runs.h5", "r+") as file:
        file["runs/time"][()] = 1e3 * runs.runs[0].time
        file["runs/time"].attrs["units"] = "ms"
    np.testing.assert_allclose(read_hdf5(tmp_path / "runs.h5").runs[0].time, runs.runs[0].time, rtol=1e-15)


def test_a_shape_that_no_memory_holds_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("runs/concentrations", shape=(10**6, 10**6), dtype=float, chunks=(1000, 1000))
    with pytest.raises(DataError, match=r"runs/concentrations is said to have the shape \(1000000, 1000000\)"):
        read_hdf5(tmp_path / "a.h5")


def test_a_mechanism_s_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write_hdf5(of(trajectory()), tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.attrs.create("mechanism", np.bytes_(b"\xff\xfe.yaml"), dtype=h5py.string_dtype())
    with pytest.raises(DataError, match="is no text in UTF-8"):
        read_hdf5(tmp_path / "a.h5")


def test_texts_over_whose_end_no_reader_comes_are_refused_and_not_read_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "runs.h5"
    write_hdf5(of(trajectory("a"), trajectory("b")), path)
    content = bytearray(path.read_bytes())
    place = content.index(b"GCOL") + 16
    while int.from_bytes(content[place : place + 2], "little"):
        place += 16 + -(-int.from_bytes(content[place + 8 : place + 16], "little") // 8) * 8
    content[place + 8 : place + 16] = bytes(8)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"is damaged: its texts lead nowhere"):
        read_hdf5(path)
