"""A finished study that several tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from .studies import command, example

SMALL = example("fuel-radical-product", runs=10, times="{end: 1.0, count: 5}", more="validate: {tolerance: 1.0e-6}\n")


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """Matrices here are so small that threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``study.yaml``, its runs as ``runs.csv`` and ``runs.h5``, and ``results``; nobody writes there."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "study.yaml").write_text(SMALL)
    for line in ("simulate study.yaml -o runs.csv", "simulate study.yaml -o runs.h5", "run study.yaml -o results"):
        assert command(folder, line).status == 0
    return folder
