"""Mechanism file → Chemkin files, which stand there only if they give the same rates when read back."""

from __future__ import annotations

import io
import shutil
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import cantera as ct
import numpy as np
import numpy.typing as npt
from cantera import ck2yaml, yaml2ck

from ..errors import FormatError
from .cantera_species import first_sentence

_NAMES = ("chem.inp", "therm.dat", "tran.dat")
_TEMPERATURES = (500.0, 1000.0, 1500.0, 2500.0)
_PRESSURES = (1e4, ct.one_atm, 3e6)
_ROUNDING = 2e-3  # Chemkin's columns: four digits of an efficiency, seven of a rate constant


def write_chemkin(mechanism: Path, folder: Path, *, transport: bool) -> str:
    """Write the mechanism in Chemkin's form by Cantera's yaml2ck, with its transport data if it has any.

    The files are made elsewhere and read back by Cantera's ck2yaml. They are put into the folder only if species,
    thermodynamic data and rate constants are those of the mechanism. Files of that name from before are removed.

    Parameters
    ----------
    mechanism : Path
        A Cantera file.
    folder : Path
        Made where it is missing; not made where the files cannot be written.
    transport : bool
        Whether ``tran.dat`` is written.

    Returns
    -------
    str
        What hinders it, else an empty text.
    """
    for name in _NAMES:
        (folder / name).unlink(missing_ok=True)
    names = _NAMES if transport else _NAMES[:2]
    with tempfile.TemporaryDirectory(prefix=".mechlearn-", dir=folder.parent) as made:
        unfinished = Path(made)
        try:
            _convert(mechanism, *(unfinished / name for name in names))
            _check(_loaded(mechanism), _read_back(unfinished, names))
        except Exception as error:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
            return first_sentence(error) or type(error).__name__
        folder.mkdir(exist_ok=True)
        for name in names:
            shutil.move(unfinished / name, folder / name)
    return ""


def _convert(mechanism: Path, mechanism_path: Path, thermo_path: Path, transport_path: Path | None = None) -> None:
    """Files as yaml2ck writes them, without the date, so that the same mechanism gives the same bytes."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        files = yaml2ck.convert(
            mechanism, mechanism_path=mechanism_path, thermo_path=thermo_path, transport_path=transport_path
        )
    for path in filter(None, files):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith("! date:")))


def _read_back(folder: Path, names: tuple[str, ...]) -> ct.Solution:
    """The gas of the files as ck2yaml reads them."""
    back = folder / "back.yaml"
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            ck2yaml.convert(*(folder / name for name in names), out_name=back, quiet=True)
        except Exception as error:
            raise FormatError(f"Cantera cannot read the files back: {first_sentence(error)}") from error
    return _loaded(back)


def _loaded(mechanism: Path) -> ct.Solution:
    """The gas of a file, without Cantera's remarks on its thermodynamic data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ct.Solution(mechanism)


def _check(gas: ct.Solution, back: ct.Solution) -> None:
    """Raise `FormatError` with the first thing that is another in the files."""
    if gas.thermo_model != "ideal-gas":
        raise FormatError(f"the phase is of the model {gas.thermo_model}, and Chemkin's gas is ideal.")
    if gas.species_names != back.species_names:
        raise FormatError("the species read back are others.")
    for name, meant, read in zip(gas.species_names, gas.molecular_weights, back.molecular_weights, strict=True):
        if gas.species(name).composition != back.species(name).composition or not np.isclose(meant, read, rtol=1e-3):
            raise FormatError(f"species {name} has other elements or another molar mass when read back.")
    _check_thermo(gas, back)
    _check_reactions(gas, back)


def _check_thermo(gas: ct.Solution, back: ct.Solution) -> None:
    for temperature in _TEMPERATURES:
        gas.TP = back.TP = temperature, ct.one_atm
        for what in ("standard_cp_R", "standard_enthalpies_RT", "standard_entropies_R"):
            apart = np.abs(getattr(gas, what) - getattr(back, what))
            if apart.max(initial=0.0) > _ROUNDING:
                name = gas.species_names[int(apart.argmax())]
                raise FormatError(
                    f"the thermodynamic data of {name} are not those of the mechanism at {temperature:g} K; "
                    "Chemkin's form has NASA polynomials of seven coefficients at 1 atm only."
                )


def _check_reactions(gas: ct.Solution, back: ct.Solution) -> None:
    """Same reactions, and rates at temperatures, pressures and mixtures that tell colliders apart.

    Rates and not rate constants, since a collider may be read back as a species on both sides.
    """
    if gas.n_reactions != back.n_reactions:
        raise FormatError(f"{gas.n_reactions} reactions became {back.n_reactions} when read back.")
    apart = np.abs(_changes(gas) - _changes(back)).max(axis=0) > _ROUNDING
    reversible = [
        (meant.reversible, read.reversible) for meant, read in zip(gas.reactions(), back.reactions(), strict=True)
    ]
    for i, (meant, read) in enumerate(reversible):
        if apart[i] or meant is not read:
            raise FormatError(f"{gas.reaction(i).equation}: it is read back as {back.reaction(i).equation}.")
    for mixture in _mixtures(gas.n_species):
        for temperature in _TEMPERATURES:
            for pressure in _PRESSURES:
                gas.TPX = back.TPX = temperature, pressure, mixture
                for way in ("forward", "reverse"):
                    _check_rates(gas, back, way)


def _changes(gas: ct.Solution) -> npt.NDArray[np.float64]:
    """What each reaction makes less what it uses, shape (species, reactions)."""
    return np.asarray(gas.product_stoich_coeffs - gas.reactant_stoich_coeffs)


def _check_rates(gas: ct.Solution, back: ct.Solution, way: str) -> None:
    meant, read = (np.asarray(getattr(each, f"{way}_rates_of_progress")) for each in (gas, back))
    with np.errstate(all="ignore"):
        apart = np.abs(read / meant - 1)
    apart[(meant == read) | ~(np.isfinite(meant) | np.isfinite(read))] = 0.0
    worst = int(np.nan_to_num(apart, nan=np.inf).argmax()) if apart.size else 0
    if apart.size and not apart[worst] <= _ROUNDING:
        raise FormatError(
            f"{gas.reaction(worst).equation}: its {way} rate at {gas.T:g} K and {gas.P / 1e5:.3g} bar is "
            f"{read[worst] / meant[worst]:.4g} times that of the mechanism when read back."
        )


def _mixtures(species: int) -> list[npt.NDArray[np.float64]]:
    """Equal mole fractions, and fractions that grow along the species and along them backwards."""
    rising = np.arange(1.0, species + 1)
    return [np.ones(species), rising, rising[::-1]]
