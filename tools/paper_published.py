"""What the paper publishes: its tables' numbers, in the order of its species."""

from __future__ import annotations

Row = tuple[tuple[float, ...], float, float]
"""Coefficients, k forward, k reverse."""

PARAMETERS: dict[tuple[str, bool], list[Row]] = {
    ("fuel-radical-product", True): [((0, 1, -1), 1e3, 1e3), ((-1, 1, 0), 1.0, 1.0)],
    ("fuel-radical-product", False): [
        ((-0.001, 0.999, -0.999), 744.8, 573.1),
        ((0, -0.999, 0.999), 427.7, 255.9),
    ],
    ("michaelis-menten", True): [((-1, -1, 1, 0), 1e6, 1e3), ((1, 0, -1, 1), 10.0, 1.949e-4)],
    ("michaelis-menten", False): [
        ((-0.999, -0.999, 0.989, 0), 9.921e5, 992.9),
        ((-1.001, -1.0, 2.385, 0), 7956.0, 13.92),
    ],
    ("hydrogen-oxidation", True): [
        ((0, 1, 0, 1, -1, -1), 3.375e4, 1e3),
        ((1, 0, 0, -1, 1, -1), 1.08e4, 1e3),
        ((0, 0, 1, -1, 0, -1), 1.4e3, 1.0),
        ((0, 1, 0, 0, -2, 0), 337.5, 1.0),
        ((1, 0, 0, -2, 0, 0), 216.0, 2.0),
        ((-1, 0, 1, 0, -1, 0), 100.0, 0.7714),
    ],
    ("hydrogen-oxidation", False): [
        ((0, 0.938, 0, 0.923, -1, -1.001), 1.971e4, 551.2),
        ((0, 1.087, 0, 1.108, -0.999, -0.999), 1.407e4, 448.8),
        ((0.885, 0, 0.115, -1, 0.885, -1), 1.217e4, 21.12),
        ((-1.004, 0, 0.087, 0.91, -1.008, 0.913), 1077.0, 29.26),
        ((0, 0.996, 0.008, 0, -1.997, 0), 337.9, 0.8912),
        ((0.987, 0, 0.007, -1.984, 0.004, 0.004), 217.0, 3.377),
    ],
}
"""Tables 4.1, 4.3 and 4.4: with freezing and without."""

TABLE = {"fuel-radical-product": "4.1", "michaelis-menten": "4.3", "hydrogen-oxidation": "4.4"}

HISTORY_FIGURE = {"fuel-radical-product": "4.4", "michaelis-menten": "like 4.4", "hydrogen-oxidation": "4.7"}
NUMBER_FIGURE = {"fuel-radical-product": "4.5", "michaelis-menten": "4.6", "hydrogen-oxidation": "4.8"}

BY_NUMBER = {
    1: "the fast reaction: 1000, 1000",
    2: "both: 1000, 1000; 1, 1",
    3: "the fast one; R, F with 921.7, 121.8; (0.75, −0.101, 0.384) with 7.9e-4, 1.8e-3",
    4: "R, P with 100, 100; two empty rows; F, R with 1, 1",
}
"""Table 4.2, in short."""

NOISY_RATES = {
    "O + OH => H + O2": {1e-3: 5.706e-5, 1e-4: 6.482e-6},
    "H + O2 => O + OH": {1e-3: 2.097e-3, 1e-4: 2.099e-4},
    "H + OH => H2 + O": {1e-3: 2.789e-4, 1e-4: 2.803e-5},
    "H2 + O => H + OH": {1e-3: 1.374e-3, 1e-4: 1.379e-4},
    "H + OH => H2O": {1e-3: 4.413e-4, 1e-4: 4.491e-5},
    "H2O => H + OH": {1e-3: 3.836e-2, 1e-4: 3.707e-3},
    "2 O => O2": {1e-3: 7.103e-3, 1e-4: 7.161e-4},
    "O2 => 2 O": {1e-3: 8.278e-2, 1e-4: 7.717e-3},
    "2 H => H2": {1e-3: 6.927e-4, 1e-4: 6.965e-5},
    "H2 => 2 H": {1e-3: 6.107e-2, 1e-4: 6.469e-3},
    "H2 + O => H2O": {1e-3: 2.417e-2, 1e-4: 2.366e-3},
    "H2O => H2 + O": {1e-3: 4.137e-2, 1e-4: 4.294e-3},
}
"""Table 4.5: relative error of each rate constant at two levels of noise."""

PREDICTION = {0.0: 1.953e-6, 1e-4: 9.152e-4, 1e-3: 8.710e-4}
"""Prediction error of example 4.3 on [0, 10] at three levels of noise."""


def of_cell(example: str, noise: float) -> str | None:
    """What the paper says of a setting, in a phrase; None where it says nothing."""
    if example != "hydrogen-oxidation" or noise not in PREDICTION:
        return "exact, one run" if noise == 0 else None
    worst = {1e-4: ", worst rate error 7.717e-3", 1e-3: ", worst rate error 8.278e-2"}.get(noise, "")
    return f"exact, one run; prediction error {PREDICTION[noise]:.3e}{worst}"
