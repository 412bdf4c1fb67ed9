"""Mechanism file → Chemkin files."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from cantera import yaml2ck

from ..files import write_text

_DATE = re.compile(r"^! date: .*\n", re.MULTILINE)


def write_chemkin(mechanism: Path, folder: Path, *, transport: bool) -> str:
    """Write the mechanism in Chemkin's form by Cantera's yaml2ck, with its transport data if it has any.

    Their heads have no date, so that the same mechanism gives the same bytes. What hinders it is returned, and nothing
    written; else an empty text.
    """
    with TemporaryDirectory() as place:
        unfinished = Path(place)
        try:
            with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                yaml2ck.convert(
                    mechanism,
                    mechanism_path=unfinished / "chem.inp",
                    thermo_path=unfinished / "therm.dat",
                    transport_path=unfinished / "tran.dat" if transport else None,
                )
        except Exception as error:
            return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        folder.mkdir(exist_ok=True)
        for path in sorted(unfinished.iterdir()):
            write_text(folder / path.name, _DATE.sub("", path.read_text(encoding="utf-8"), count=1))
    return ""
