"""How certain the outcome is: the keys under ``uncertainty:`` in a study file, as checked records."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict
from pydantic.dataclasses import dataclass

from ..units import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class UncertaintySettings:
    """How it is found out how certain the outcome is: the keys under ``uncertainty:``.

    Parameters
    ----------
    bootstrap : int
        Times that the search is done again with whole runs drawn anew, to count in how many each reaction stands.
    """

    bootstrap: Annotated[int, Strict(), Field(ge=0, le=100_000)] = 0
