"""Fixtures that several tests share."""

from pathlib import Path

import pytest

from .runs import Table


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """A function that writes a text table and gives its path."""

    def write(text: str, name: str = "runs.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write
