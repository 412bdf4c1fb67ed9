"""The keys of a search: their defaults, and everything that is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pydantic import ValidationError

from mechlearn.discovery.settings import Adam, LevenbergMarquardt, Search

BAD: list[tuple[dict[str, Any], str]] = [
    ({"reactions": 0}, "greater than or equal to 1"),
    ({"reactions": 501}, "less than or equal to 500"),
    ({"reactions": 1.5}, "reactions"),
    ({"reactions": "many"}, "reactions"),
    ({"seed": -1}, "greater than or equal to 0"),
    ({"restarts": 0}, "greater than or equal to 1"),
    ({"restarts": 10_001}, "less than or equal to 10000"),
    ({"freeze_within": -0.01}, "greater than or equal to 0"),
    ({"freeze_within": 0.5}, "less than 0.5"),
    ({"freeze_within": float("nan")}, "freeze_within"),
    ({"max_coefficient": 0}, "greater than or equal to 1"),
    ({"max_order": 0}, "greater than or equal to 1"),
    ({"seconds": 0}, "greater than 0"),
    ({"seconds": float("nan")}, "seconds"),
    ({"conserve": "mass"}, "'auto', 'elements', 'data' or 'none'"),
    ({"rate_fit": "linear"}, "'log' or 'non-negative'"),
    ({"method": "forest"}, "'auto', 'network', 'candidates' or 'both'"),
    ({"optimizer": "sgd"}, "optimizer"),
    ({"optimizer": {"name": "sgd"}}, "'levenberg-marquardt', 'adam'"),
    ({"optimizer": {"epochs": 5}}, "discriminator"),
    ({"optimizer": {"name": "adam", "rounds": 3}}, "rounds"),
    ({"optimizer": {"name": "levenberg-marquardt", "epochs": 3}}, "epochs"),
]

BAD_OPTIMIZERS: list[tuple[type[Any], dict[str, Any]]] = [
    (LevenbergMarquardt, {"iterations": 0}),
    (LevenbergMarquardt, {"tolerance": 0}),
    (LevenbergMarquardt, {"longest_step": -1}),
    (LevenbergMarquardt, {"rounds": 0}),
    (Adam, {"epochs": 0}),
    (Adam, {"learning_rate": 0}),
    (Adam, {"regularization": -1e-9}),
    (Adam, {"check_every": 0}),
    (Adam, {"batch_size": 0}),
    (Adam, {"name": "levenberg-marquardt"}),
]


@pytest.mark.parametrize(("keys", "message"), BAD, ids=lambda value: str(value)[:40])
def test_bad_values_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        Search(**keys)
    assert {error["loc"][0] for error in caught.value.errors()} == set(keys)


@pytest.mark.parametrize(("kind", "keys"), BAD_OPTIMIZERS, ids=lambda value: str(value)[:40])
def test_bad_values_of_optimizers_are_refused(kind: type[Any], keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(keys))):
        kind(**keys)


@pytest.mark.parametrize("kind", [Search, Adam, LevenbergMarquardt])
def test_unknown_keys_are_refused(kind: type[Any]) -> None:
    with pytest.raises(ValidationError, match="colour"):
        kind(colour="red")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("adam", Adam()),
        ("levenberg-marquardt", LevenbergMarquardt()),
        ({"name": "adam", "epochs": 7, "batch_size": None}, Adam(epochs=7, batch_size=None)),
        ({"name": "levenberg-marquardt", "rounds": 2}, LevenbergMarquardt(rounds=2)),
        (Adam(epochs=3), Adam(epochs=3)),
    ],
)
def test_an_optimizer_is_a_name_a_map_or_a_record(given: Any, expected: object) -> None:
    assert Search(optimizer=given).optimizer == expected


def test_a_search_is_a_value() -> None:
    assert Search() == Search(reactions="auto", seed=0, conserve="auto")
    assert Search(seed=1) != Search()
    with pytest.raises(dataclasses.FrozenInstanceError):
        Search().seed = 3  # type: ignore[misc]
