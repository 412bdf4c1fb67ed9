"""``kill -9`` at random moments of a run, then ``--resume``: is every file whole, and the outcome the same?

    python tools/kill_and_resume.py                              20 kills of the example fuel-radical-product
    python tools/kill_and_resume.py --study my.study.yaml --kills 5 --seed 1

Every second time the resumed run is killed as well. The last one must end with the same bytes in every file as a run
that nobody disturbed, but for the seconds in the summary. Exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import h5py
from ruamel.yaml import YAML

from mechlearn.study.schema import example_studies

LAST_PART = {".html": "</html>", ".md": "## To repeat it"}


def main() -> int:
    """Run undisturbed once, then kill and resume, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", type=Path, default=example_studies()["fuel-radical-product"])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    faults = 0
    with tempfile.TemporaryDirectory() as place:
        undisturbed = Path(place, "undisturbed")
        started = time.monotonic()
        start(arguments.study, undisturbed).wait()
        whole = time.monotonic() - started
        expected = contents(undisturbed)
        print(f"undisturbed: {len(expected)} files in {whole:.1f} s")
        for number in range(arguments.kills):
            folder = Path(place, f"killed-{number}")
            killed = []
            for resume in (False, True)[: 1 + number % 2]:
                moment = moments.uniform(0, whole)
                killed.append(f"{moment:.2f} s, {state_after_kill(arguments.study, folder, moment, resume)}")
            broken = faults_in(folder)
            status = start(arguments.study, folder, resume=True).wait()
            found = contents(folder)
            differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
            print(f"killed after {'; '.join(killed)}: broken {broken or 'none'}, then differing {differing or 'none'}")
            faults += bool(broken or differing or status not in (0, 1))
            shutil.rmtree(folder)
    print(f"{faults} of {arguments.kills} with a fault")
    return int(faults > 0)


def start(study: Path, folder: Path, *, resume: bool = False) -> subprocess.Popen[bytes]:
    """The command, in a process of its own."""
    command = [sys.executable, "-m", "mechlearn", "run", str(study), "-o", str(folder), "-q"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*command, *(["--resume"] if resume else [])], **silent)  # type: ignore[call-overload, no-any-return]


def state_after_kill(study: Path, folder: Path, moment: float, resume: bool) -> str:
    """Kill the run at that moment; say what stood in its folder then."""
    process = start(study, folder, resume=resume)
    try:
        process.wait(moment)
        return "already done"
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    there = [path.name for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    return f"{len(there)} files"


def faults_in(folder: Path) -> list[str]:
    """Files under their own names that cannot be read; unfinished ones have others."""
    faults = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if not path.is_file() or path.name.startswith(".mechlearn-") or path.name == ".lock":
            continue
        try:
            if path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
            elif path.suffix == ".yaml":
                YAML(typ="safe").load(path.read_text(encoding="utf-8"))
            elif path.suffix == ".h5":
                with h5py.File(path) as file:
                    file["runs"]["time"][()]
            elif path.suffix in (".svg", ".graphml"):
                ElementTree.parse(path)
            elif LAST_PART[path.suffix] not in path.read_text(encoding="utf-8"):
                faults.append(path.name)
        except Exception as error:
            faults.append(f"{path.name}: {error}")
    return faults


def contents(folder: Path) -> dict[str, bytes]:
    """All files, the summary without its seconds."""
    found = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    summary = json.loads(found["summary.json"])
    summary.pop("seconds")
    return found | {"summary.json": json.dumps(summary).encode()}


if __name__ == "__main__":
    sys.exit(main())
