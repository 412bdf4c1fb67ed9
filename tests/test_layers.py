"""Who may import whom: the floors of the house, no cycles, and each heavy library only in its rooms.

A room is a folder of the package; `mechlearn/README.md` says what stands where.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "mechlearn"
FILES = sorted(PACKAGE.rglob("*.py"))

GROUND = {"errors", "units", "files"}
FLOORS = [
    {"chemistry"},
    {"data"},
    {"simulation", "formats"},
    {"discovery"},
    {"uncertainty", "validation", "pathways"},
    {"reduction"},
    {"report"},
    {"study"},
    {"cli"},
]

HOME = {
    "cantera": {"simulation", "formats", "pathways", "reduction"},
    "ruamel": {"formats", "study"},
    "networkx": {"pathways", "report"},
    "jinja2": {"report"},
    "matplotlib": {"report"},
    "torch": {"discovery"},
    "h5py": {"formats"},
    "pint": {"units"},
    "pydantic": {"units", "simulation", "discovery", "uncertainty", "validation", "reduction", "study"},
    "pydantic_core": {"study"},
    "typer": {"cli"},
    "rich": {"cli"},
    "threadpoolctl": {"discovery"},
    "filelock": {"study"},
    "lazy_loader": {"__init__"},
    "distributed": {"cli"},
    "scipy": {"chemistry", "data", "discovery", "uncertainty", "pathways", "reduction", "report"},
}

SHARED_NAMES = {"__init__.py", "settings.py"}
"""Files that may stand in several rooms; commands are named as what they do, wherever that stands."""

RUNS_CODE = {"eval", "exec", "compile", "__import__"}
"""Built-in functions by which the text of a file could become code."""
UNSAFE_MODULES = {"pickle", "dill", "cloudpickle", "marshal", "shelve", "subprocess", "yaml", "builtins"}
TRAINING = tuple(f"mechlearn.discovery.candidates.network.{name}" for name in ("adam", "training", "trajectory_rows"))
"""What needs torch, which takes longer to load than many searches."""
UNSAFE_CALLS = {"os.system", "os.popen", "torch.load", "torch.jit.load", "np.load", "numpy.load"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """``mechlearn.tables.tidy``; a folder's ``__init__`` has the folder's name."""
    return ".".join(("mechlearn", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {name_of(path): path for path in FILES}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Every import of a file with what it imports: a module of ours by its full name, wherever the line stands."""
    here = ["mechlearn", *path.relative_to(PACKAGE).with_suffix("").parts]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = here[: -node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                inside = f"{base}.{alias.name}"
                yield node, inside if inside in MODULES else base


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(PACKAGE.parent).as_posix()}:{getattr(node, 'lineno', 0)}"


def ours(module: str) -> bool:
    return module.split(".")[0] == "mechlearn"


def outside(path: Path) -> set[str]:
    """Third-party libraries that a file imports."""
    names = {module.split(".")[0] for _, module in imported(path)}
    return names - sys.stdlib_module_names - {"mechlearn"}


def test_modules_form_no_cycle() -> None:
    graph = {name: {module for _, module in imported(path) if ours(module)} for name, path in MODULES.items()}
    assert set(TopologicalSorter(graph).static_order()) == set(MODULES)  # raises an error that names a cycle


HEIGHT = {name: level for level, names in enumerate([GROUND, *FLOORS, {"__main__", "__init__"}]) for name in names}


def test_every_room_has_its_floor() -> None:
    assert {room(path) for path in FILES} == set(HEIGHT)
    assert len(list(PACKAGE.glob("*.py"))) <= 5


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_go_down_only(path: Path) -> None:
    """To a lower floor, or to the neighbour on the same one."""
    upward = []
    for node, module in imported(path):
        target = [*module.split("."), "__init__"][1]
        if ours(module) and target != room(path) and HEIGHT[target] > HEIGHT[room(path)]:
            upward.append(f"{where(path, node)} imports {module}")
    assert not upward


def test_neighbours_do_not_import_each_other_both_ways() -> None:
    pairs = {
        (room(path), module.split(".")[1])
        for path in FILES
        for _, module in imported(path)
        if ours(module) and len(module.split(".")) > 1
    }
    assert not {(a, b) for a, b in pairs if a != b and (b, a) in pairs}


def test_names_of_files_and_classes_stand_once() -> None:
    files = Counter(path.name for path in FILES if path.name not in SHARED_NAMES and room(path) != "cli")
    classes = Counter(node.name for path in FILES for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))
    assert not [name for name, count in (files + classes).items() if count > 1]


@pytest.mark.parametrize("library", sorted(HOME))
def test_heavy_library_is_only_in_its_rooms(library: str) -> None:
    assert {room(path) for path in FILES if library in outside(path)} == HOME[library]


def test_every_library_has_its_rooms() -> None:
    used = set().union(*(outside(path) for path in FILES))
    assert used == {"numpy", *HOME}


def test_package_imports_neither_tests_nor_tools() -> None:
    found = [
        f"{where(path, node)} imports {module}"
        for path in FILES
        for node, module in imported(path)
        if module.split(".")[0] in {"tests", "tools", "pytest", "hypothesis"}
    ]
    assert not found


@pytest.mark.parametrize("path", [p for p in FILES if room(p) not in ("cli", "__init__", "__main__")], ids=name_of)
def test_only_the_commands_and_what_trains_a_network_import_late(path: Path) -> None:
    top = tree(path).body
    allowed = {id(node) for node in top} | {
        id(inner)
        for node in top
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in node.body
    }
    late = [(where(path, node), module) for node, module in imported(path) if id(node) not in allowed]
    assert not [place for place, module in late if not module.startswith(TRAINING)]
    assert "importlib" not in {module for _, module in imported(path)}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_read_from_a_file_becomes_code(path: Path) -> None:
    found = [f"{where(path, n)} {module}" for n, module in imported(path) if module.split(".")[0] in UNSAFE_MODULES]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name) and node.id in RUNS_CODE:
            found.append(f"{where(path, node)} {node.id}")
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in UNSAFE_CALLS:
            found.append(f"{where(path, node)} {ast.unparse(node)}")
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.append(f"{where(path, node.value)} allow_pickle")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "YAML":
            kinds = [ast.unparse(k.value) for k in node.keywords if k.arg == "typ"] + [
                ast.unparse(a) for a in node.args
            ]
            found += [f"{where(path, node)} YAML({kind})" for kind in kinds if kind not in ("'safe'", "'rt'")]
    assert not found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name_of)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
