"""What the examples in docstrings find in their scope."""

from typing import Any

import numpy as np
import pytest

from mechlearn.chemistry.mechanism import Species
from mechlearn.data.trajectories import Trajectories, Trajectory


def decay() -> Trajectories:
    """A run of A => B with k = 2 /s."""
    time = np.linspace(0.0, 1.0, 11)
    a = np.exp(-2 * time)
    return Trajectories(
        (Species("A"), Species("B")),
        (
            Trajectory(
                time=time,
                concentrations=np.stack([a, 1 - a], axis=1),
                temperature=np.full(11, 300.0),
                pressure=np.full(11, 101325.0),
                rates=np.stack([-2 * a, 2 * a], axis=1),
                reactor="isothermal",
                name="run1",
            ),
        ),
    )


@pytest.fixture(autouse=True)
def _names_in_examples(doctest_namespace: dict[str, Any]) -> None:
    import mechlearn

    names = set(mechlearn.__all__) - {"Path"}  # in examples that of pathlib
    doctest_namespace.update({name: getattr(mechlearn, name) for name in names})
    doctest_namespace["decay"] = decay()
