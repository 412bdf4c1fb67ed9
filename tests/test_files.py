from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from mechlearn.errors import FormatError
from mechlearn.files import atomic_path, json_text, write_text


def test_a_file_that_cannot_be_finished_leaves_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    write_text(path, "old\n")
    path.chmod(0o640)

    def write_half(failure: BaseException) -> None:
        with atomic_path(path) as unfinished:
            unfinished.write_text("half")
            raise failure

    with pytest.raises(KeyboardInterrupt):
        write_half(KeyboardInterrupt())
    with pytest.raises(FormatError, match=r"Cannot write .*: No space left"):
        write_half(OSError(28, "No space left on device"))
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]
    write_text(path, "new\n")
    assert path.read_text() == "new\n"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "file.csv")
    write_text(tmp_path / "link.csv", "text")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "file.csv").read_text() == "text"


def test_places_that_cannot_be_written_to_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FormatError, match=r"the folder .*no does not exist\. Make it first"):
        write_text(tmp_path / "no" / "runs.csv", "")
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(FormatError, match=r"folder\.h5: it is a folder"):
        write_text(tmp_path / "folder.h5", "")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(FormatError, match="it is not a regular file"):
        write_text(tmp_path / "pipe.csv", "")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(FormatError, match="writing is not permitted there"):
        write_text(tmp_path / "runs.csv", "")
    with pytest.raises(FormatError, match=r"gr\?\?n\.csv: this name is no text in the encoding"):
        write_text(tmp_path / "grün.csv".encode().decode("ascii", "surrogateescape"), "")


def test_names_of_files_that_python_could_not_decode_are_written_as_they_are(tmp_path: Path) -> None:
    name = "grün".encode()
    for text, expected in (
        (name.decode("ascii", "surrogateescape"), name),
        (b"gr\xfcn".decode("ascii", "surrogateescape"), b"gr?n"),
        ("a\ud800", b"a?"),
    ):
        write_text(tmp_path / "a.txt", text)
        assert (tmp_path / "a.txt").read_bytes() == expected


def test_json_takes_numbers_of_numpy_and_has_no_word_for_what_is_not_finite() -> None:
    content = {
        "a": np.bool_(True),
        "b": [np.float64(0.5), np.inf, float("nan")],
        "c": (np.int64(3), np.str_("x"), None),
    }
    assert json.loads(json_text(content)) == {"a": True, "b": [0.5, None, None], "c": [3, "x", None]}
