"""Mechanism file → Chemkin files."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stdout
from pathlib import Path

from cantera import yaml2ck


def write_chemkin(mechanism: Path, folder: Path, *, transport: bool) -> str:
    """Write the mechanism in Chemkin's form by Cantera's yaml2ck, with its transport data if it has any.

    What hinders it is returned, else an empty text.
    """
    folder.mkdir(exist_ok=True)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yaml2ck.convert(
                mechanism,
                mechanism_path=folder / "chem.inp",
                thermo_path=folder / "therm.dat",
                transport_path=folder / "tran.dat" if transport else None,
                overwrite=True,
            )
    except Exception as error:
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ""
