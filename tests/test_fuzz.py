"""Mutated and odd files end in a result or a message; see tools/fuzz.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).parents[1] / "tools" / "fuzz.py"


def test_mutated_files_are_read_or_refused() -> None:
    command = [sys.executable, str(FUZZ), "--reading", "300", "--learning", "15", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| all | 300 |" in done.stdout
    assert "| all | 15 |" in done.stdout
