"""Fixtures that several tests share, and one thread for the libraries of each process."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small, and every core has a process of its own

from .runs import Table


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """A function that writes a text table and gives its path."""

    def write(text: str, name: str = "runs.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write
