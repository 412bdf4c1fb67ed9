"""Signals at random moments of a run, a reduction and a bootstrap: are all files whole, and the results the same?

    python tools/kill_and_resume.py                   40 endings, start-up included
    python tools/kill_and_resume.py --kills 6 --seed 1

In turn SIGINT, SIGTERM and SIGKILL hit a run, a reduction and a run with a bootstrap, one in four of them within the
first second. Every file must be whole then, and no process be left after five seconds. The same command again, with
``--resume`` where there is one, must end with the same bytes in every file as one that nobody disturbed, but for
seconds and dates. Exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import h5py
from ruamel.yaml import YAML

from mechlearn.study.schema import example_studies

LAST_PART = {".html": "</html>", ".md": "## To repeat it", ".inp": "END", ".dat": "\n", ".csv": "\n"}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
STATUSES = {signal.SIGINT: {130, -2}, signal.SIGTERM: {130, -15}, signal.SIGKILL: {-9}}
"""What a command that is hit ends with; as killed by the signal where Python itself was still starting."""
LONGEST_END = 5.0
"""Seconds after the end of a command in which its processes end."""
RESAMPLES = 12
CLOCK = ("seconds", "processor")
"""Keys of JSON files that hold times of the clock."""
DATE = re.compile(rb"^(date:|! date:).*$", re.MULTILINE)
REDUCTION = """\
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [1100, 1400]
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, AR:4", phi: 1}
  times: none
reduce: {targets: {ignition_delay: {limit: 0.1}}, rates: refit, verification_points: 4}
"""


@dataclass(frozen=True)
class Work:
    """A command without its folder, and what it needs to go on."""

    name: str
    arguments: tuple[str, ...]
    resume: tuple[str, ...] = ()


def main() -> int:
    """Each piece of work once undisturbed, then hit and gone on with, and compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    moments, faults = random.Random(arguments.seed), 0
    with tempfile.TemporaryDirectory() as place:
        reduction = Path(place, "reduction.study.yaml")
        reduction.write_text(REDUCTION)
        example = str(example_studies()["fuel-radical-product"])
        works = [
            Work("run", ("run", example), ("--resume",)),
            Work("reduce", ("reduce", str(reduction), "--cores", "2")),
            Work("bootstrap", ("run", example, "--bootstrap", str(RESAMPLES)), ("--resume",)),
        ]
        whole: dict[str, tuple[float, dict[str, bytes]]] = {}
        for number, (number_sent, work) in zip(range(arguments.kills), _cycled(works), strict=False):
            folder = Path(place, f"{work.name}-{number}", "out")
            folder.parent.mkdir()
            if work.name not in whole:
                whole[work.name] = undisturbed(work, folder)
                shutil.rmtree(folder)
            seconds, expected = whole[work.name]
            moment = moments.uniform(0, min(1.0, seconds) if number % 4 == 0 else seconds)
            said = hit(work, folder, number_sent, moment)
            broken = faults_in(folder)
            status = start(work, folder, resume=True).wait()
            found = contents(folder) if status in (0, 1) else {}
            differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
            print(
                f"{work.name}, {said.text}: broken {broken or 'none'}, then differing {differing or 'none'}", flush=True
            )
            faults += bool(broken or differing or said.wrong)
            shutil.rmtree(folder.parent)
    print(f"{faults} of {arguments.kills} with a fault")
    return int(faults > 0)


def _cycled(works: list[Work]) -> Any:
    """Pairs of a signal and work, each before any comes again."""
    while True:
        yield from product(SIGNALS, works)


def undisturbed(work: Work, folder: Path) -> tuple[float, dict[str, bytes]]:
    """How long it takes [s], and what it writes."""
    started = time.monotonic()
    status = start(work, folder).wait()
    seconds, found = time.monotonic() - started, contents(folder)
    print(f"{work.name}, undisturbed: status {status}, {len(found)} files in {seconds:.1f} s", flush=True)
    return seconds, found


def start(work: Work, folder: Path, *, resume: bool = False) -> subprocess.Popen[bytes]:
    """The command, in a session of its own, as the first of its processes."""
    command = [sys.executable, "-m", "mechlearn", *work.arguments, "-o", "out", "-q"]
    again = work.resume if resume else ()
    return subprocess.Popen(
        [*command, *again],
        cwd=folder.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if not resume else subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@dataclass(frozen=True)
class Ending:
    """How a command ended that was hit."""

    text: str
    wrong: bool


def hit(work: Work, folder: Path, number: signal.Signals, moment: float) -> Ending:
    """Start, send a signal at that moment [s], and see what is left of it."""
    process = start(work, folder)
    try:
        process.wait(moment)
        return Ending("already done", wrong=False)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    sent = time.monotonic()
    said = process.communicate()[1].decode()
    ended = time.monotonic() - sent
    while left(process.pid) and time.monotonic() - sent - ended < LONGEST_END:
        time.sleep(0.05)
    lasting = left(process.pid)
    files = sum(path.is_file() for path in folder.rglob("*")) if folder.is_dir() else 0
    wrong = bool(lasting) or process.returncode not in STATUSES[number] | {0, 1}
    text = f"{number.name} after {moment:.2f} s: status {process.returncode} in {ended:.1f} s, {files} files"
    text += f", {len(lasting)} processes left" if lasting else ""
    if "Traceback" in said and process.returncode not in (-2, 130):
        return Ending(f"{text}, a traceback", wrong=True)
    return Ending(text, wrong)


def left(session: int) -> list[int]:
    """Processes of a session that still run."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path("/proc", name, "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(name))
    return found


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
    """All files by their path in the folder, without what the clock says."""
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: _without_clock(path) for name, path in names.items()}


def _without_clock(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix != ".json":
        return DATE.sub(b"", content)
    values = json.loads(content)
    return json.dumps({key: value for key, value in values.items() if key not in CLOCK}).encode()


if __name__ == "__main__":
    sys.exit(main())
