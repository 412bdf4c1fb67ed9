"""Who may import whom: a fixed order of rooms, no cycles, and each heavy library only where it belongs."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx
import pytest

PACKAGE = Path(__file__).parent.parent / "mechlearn"
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p.name != "conftest.py")

HOME = {
    "cantera": {"cantera_yaml", "simulation", "first_states", "cantera_species"},
    "ruamel": {"cantera_yaml", "study"},
    "networkx": {"graph", "drawing"},
    "matplotlib": {"drawing", "figures"},
    "torch": {"learning"},
    "h5py": {"tables"},
    "pint": {"units"},
    "pydantic": {"search", "conditions", "study"},
    "typer": {"__main__"},
    "rich": {"__main__"},
    "threadpoolctl": {"discovery"},
}

FLOORS = [
    {"errors"},
    {"units", "layout"},
    {"files", "thermo", "search"},
    {"mechanism"},
    {"trajectories", "kinetics", "conservation", "cantera_species", "conditions"},
    {"comparison", "study", "first_states"},
    {"simulation", "cantera_yaml", "drawing", "balances"},
    {"tables", "graph", "learning"},
    {"discovery"},
    {"validation"},
    {"figures"},
    {"flow"},
    {"__main__"},
]


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> list[tuple[ast.stmt, str]]:
    """Every import of a file with its module, those of our own package as ``mechlearn.…``."""
    found: list[tuple[ast.stmt, str]] = []
    here = ["mechlearn", *path.relative_to(PACKAGE).with_suffix("").parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = here[: -node.level] if node.level else []
            found.append((node, ".".join([*start, *([node.module] if node.module else [])])))
    return found


def edges() -> set[tuple[str, str]]:
    pairs = set()
    for path in FILES:
        for _, module in imported(path):
            parts = module.split(".")
            if parts[0] == "mechlearn" and len(parts) > 1 and room(path) not in ("__init__", parts[1]):
                pairs.add((room(path), parts[1]))
    return pairs


def test_rooms_form_no_cycle() -> None:
    assert nx.is_directed_acyclic_graph(nx.DiGraph(edges()))


def test_imports_go_down_only() -> None:
    height = {name: level for level, names in enumerate(FLOORS) for name in names}
    assert {room(p) for p in FILES} - {"__init__"} == set(height)
    upward = {(a, b) for a, b in edges() if height[a] <= height[b]}
    assert not upward


@pytest.mark.parametrize("library", sorted(HOME))
def test_heavy_library_stays_in_its_rooms(library: str) -> None:
    users = {room(p) for p in FILES for _, module in imported(p) if module.split(".")[0] == library}
    assert users
    assert users <= HOME[library]


def test_only_the_commands_import_inside_functions() -> None:
    for path in FILES:
        if room(path) in ("__main__", "__init__"):
            continue
        top = set(ast.parse(path.read_text(encoding="utf-8")).body)
        lines = {node.lineno for node in top if isinstance(node, ast.Import | ast.ImportFrom)}
        guarded = {
            inner.lineno
            for node in top
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            for inner in node.body
        }
        inside = [node.lineno for node, _ in imported(path) if node.lineno not in lines | guarded]
        assert not inside, f"{path.name}: lines {inside}"


def test_package_never_runs_code_from_files() -> None:
    forbidden = {"eval", "exec", "pickle", "marshal", "subprocess"}
    for path in FILES:
        names = {n.id for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Name)}
        modules = {module.split(".")[0] for _, module in imported(path)}
        assert not forbidden & (names | modules), path.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
