"""Species on both sides of a reaction: said to be needed where they are not asked for, found where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import mechlearn as ml

from .studies import MECHANISMS, command, known

CATALYSTS = {"robertson": "C", "brusselator": "X", "lotka-volterra": "Y"}


@pytest.fixture(scope="module", params=CATALYSTS)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study of an example, which has ``catalysts: true``, and its runs."""
    folder = tmp_path_factory.mktemp("catalysts") / str(request.param)
    folder.mkdir()
    text = (MECHANISMS / f"{request.param}.study.yaml").read_text()
    (folder / "study.yaml").write_text(text.replace("seed: 0", "seed: 71"))
    assert command(folder, "simulate study.yaml -o runs.h5").status == 0
    return folder


def test_catalysts_that_are_asked_for_are_found(study: Path, tmp_path: Path) -> None:
    learnt = command(tmp_path, f"learn {study}/runs.h5 -o learned.yaml --study {study}/study.yaml --json -")
    assert (learnt.status, learnt.json["status"]) == (0, "recovered"), learnt.json["message"]
    found = ml.compare(ml.read_mechanism(tmp_path / "learned.yaml"), known(study.name))
    assert found.exact
    assert found.max_relative_rate_error is not None
    assert found.max_relative_rate_error < 1e-6


def test_the_need_of_a_catalyst_is_said_with_its_name(study: Path, tmp_path: Path) -> None:
    learnt = command(tmp_path, f"learn {study}/runs.h5 -o learned.yaml --json -")
    assert (learnt.status, learnt.json["status"]) == (1, "needs-catalysts"), learnt.json["message"]
    assert f"{CATALYSTS[study.name]} is in the rate of " in learnt.json["message"]
    assert "catalysts: true" in learnt.json["message"]
