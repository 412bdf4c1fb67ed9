"""The scoreboard's arithmetic: draws are summed up to rows, and two boards are compared fairly."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOLS = Path(__file__).parent.parent / "tools"
KEPT = TOOLS / "scoreboard.json"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        return import_module("scoreboard")


def draws(successes: str, first: int = 7001, **more: Any) -> list[dict[str, Any]]:
    """A draw for each letter: a success where it is y."""
    return [
        {"seed": first + k, "success": letter == "y", "exact": letter == "y", "status": "fine", "seconds": 2.0} | more
        for k, letter in enumerate(successes)
    ]


def test_a_row_sums_up_its_draws(tool: ModuleType) -> None:
    more: dict[str, Any] = {"missing": 1, "found_by": {"network": 2}, "intervals": 4, "hold": 3}
    one, other = draws("yn", **more)
    row = tool.row([other | {"rate_error": 0.123456, "status": "error: ValueError"}, one | {"rate_error": 1e-9}])
    assert row == {
        "draws": 2,
        "first_seed": 7001,
        "successes": 1,
        "exact": 1,
        "failed": [7002],
        "inexact": [7002],
        "missing": 2,
        "statuses": {"fine": 1, "error: ValueError": 1},
        "found_by": {"network": 4},
        "worst_rate_error": 0.1235,
        "coverage": 0.75,
        "intervals": 8,
        "seconds": 4.0,
    }


def test_a_board_that_was_written_is_read_again(tool: ModuleType, tmp_path: Path) -> None:
    board = {"b": tool.row(draws("yy")), "a": tool.row(draws("n", first=0))}
    tool.write(board, tmp_path / "board.json")
    assert tool.read(tmp_path / "board.json") == board


def test_other_words_for_a_status_are_no_change(tool: ModuleType) -> None:
    before, now = ({"a": tool.row(draws("yyn", status=status))} for status in ("unsettled", "unexplained-residual"))
    found = tool.judged([now], [before])
    assert (found.changes, found.fell) == ((), False)


def test_a_success_less_is_a_fall_and_one_more_is_none(tool: ModuleType) -> None:
    less, more = {"a": tool.row(draws("yyn"))}, {"a": tool.row(draws("yyy"))}
    assert tool.judged([less], [more]).fell
    assert not tool.judged([more], [less]).fell
    assert "better: a: more successes 2/3 -> 3/3" in tool.judged([more], [less]).changes


def test_fewer_exact_ones_are_a_fall_too(tool: ModuleType) -> None:
    named = draws("yyy")
    named[1] |= {"exact": False, "missing": 1}
    assert tool.judged([{"a": tool.row(named)}], [{"a": tool.row(draws("yyy"))}]).fell


@pytest.mark.parametrize(("now", "fell"), [("yn", False), ("nn", True)])
def test_a_quick_run_is_compared_in_the_draws_that_it_shares(tool: ModuleType, now: str, fell: bool) -> None:
    assert tool.judged([{"a": tool.row(draws(now))}], [{"a": tool.row(draws("ynyyyyyyyy"))}]).fell == fell


@pytest.mark.parametrize(("failures", "fell"), [(2, False), (8, True)])
def test_in_forty_draws_a_fall_must_be_significant(tool: ModuleType, failures: int, fell: bool) -> None:
    old, new = tool.row(draws("y" * 40, first=1)), tool.row(draws("n" * failures + "y" * (40 - failures), first=1000))
    found = tool.judged([{"a": new}], [{"a": old}])
    assert found.fell == fell
    assert any("fewer successes 40/40" in change and "p = " in change for change in found.changes)


def test_errors_coverage_and_sizes_that_grew_are_told_but_no_fall(tool: ModuleType) -> None:
    old = draws("y", rate_error=0.01, size={"species": 9}, intervals=20, hold=19)
    new = draws("y", rate_error=0.02, size={"species": 8}, intervals=20, hold=17, found_by={"candidates": 1})
    found = tool.judged([{"a": tool.row(new)}], [{"a": tool.row(old)}])
    assert not found.fell
    assert set(found.changes) == {
        "worse: a: worst error 0.01 -> 0.02",
        "worse: a: coverage 0.950 -> 0.850",
        "better: a: species 9 -> 8",
        "better: a: found by  -> candidates 1",
    }


def test_seconds_are_the_medians_of_several_boards(tool: ModuleType) -> None:
    boards = [{"a": tool.row(draws("yy", seconds=seconds))} for seconds in (9.0, 1.0, 2.0)]
    assert "seconds of these draws: 2 -> 4 (2.000 of before)" in tool.judged(boards, boards[1:2]).table


def test_boards_without_a_common_cell_are_refused(tool: ModuleType) -> None:
    with pytest.raises(SystemExit, match="no cell in common"):
        tool.judged([{"a": tool.row(draws("y"))}], [{"b": tool.row(draws("y"))}])


def test_the_kept_board_stands_against_itself_and_a_lower_one_does_not(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = tool.read(KEPT)
    name = next(name for name, row in board.items() if row["successes"] == row["draws"] > 1)
    lower = board[name] | {"successes": board[name]["draws"] - 1, "failed": [board[name]["first_seed"]]}
    tool.write(board | {name: lower}, tmp_path / "lower.json")
    for path, status in ((KEPT, 0), (tmp_path / "lower.json", 1)):
        monkeypatch.setattr(sys, "argv", ["scoreboard.py", "--read", str(path), "--against", str(KEPT)])
        assert tool.main() == status


def test_the_kept_board_has_every_cell(tool: ModuleType) -> None:
    command = [sys.executable, "tools/scoreboard.py", "--list"]
    done = subprocess.run(command, cwd=TOOLS.parent, capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()) == set(tool.read(KEPT))
