"""The study file: what is read from it, and every way to get it wrong."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mechlearn.errors import StudyError
from mechlearn.simulation.settings import Concentrations, Mixture, MoleFractions, Sample, Source, Times
from mechlearn.study.schema import Study, example_studies, load_study, with_overrides
from mechlearn.study.study_text import study_text

Write = Callable[[str], Path]

GOOD = """\
source:
  mechanism: h2o2.yaml
  phase: ohmech
  reactor: constant-volume
  temperature: 1000 K
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, AR:3.76", phi: [0.5, 1]}
  times: {end: 1 ms, count: 11}
  species: [H2, O2]
  seed: 3
learn:
  reactions: 6
  seed: 1
validate: {hold_out: 0.25, tolerance: 1.0e-6}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_study(text: str) -> Path:
        path = tmp_path / "a.study.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_study


def source_of(path: Path) -> Source:
    source = load_study(path).source
    assert source is not None
    return source


def test_every_key_reaches_the_record_in_si(write: Write) -> None:
    study = load_study(write(GOOD))
    assert study.source == Source(
        mechanism="h2o2.yaml",
        phase="ohmech",
        reactor="constant-volume",
        temperature=(1000.0,),
        pressure=(101325.0,),
        initial=Mixture(fuel={"H2": 1.0}, oxidizer={"O2": 1.0, "AR": 3.76}, phi=(0.5, 1.0)),
        times=Times(end=1e-3, count=11),
        species=("H2", "O2"),
        seed=3,
    )
    assert (study.learn.reactions, study.learn.seed) == (6, 1)
    assert (study.validate.hold_out, study.validate.tolerance) == (0.25, 1e-6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000", (1000.0,)),
        ("1000 K", (1000.0,)),
        ("800 degC", (1073.15,)),
        ("[900, 1000 K]", (900.0, 1000.0)),
        ("{from: 900 K, to: 1500, count: 3}", (900.0, 1200.0, 1500.0)),
    ],
)
def test_a_quantity_is_a_number_a_text_a_list_or_a_range(write: Write, text: str, expected: tuple[float, ...]) -> None:
    assert source_of(write(GOOD.replace("1000 K", text))).temperature == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{sample: uniform, low: 0, high: 1 mM, runs: 4}",
            Sample(sample="uniform", low=0.0, high=1e-3, runs=4),
        ),
        (
            "{sample: log-uniform, low: 1e-3, high: 1, runs: 4, of: mole-fractions, species: [H2], "
            "diluent: {N2: 0.95}}",
            Sample(
                sample="log-uniform",
                low=1e-3,
                high=1.0,
                runs=4,
                of="mole-fractions",
                species=("H2",),
                diluent={"N2": 0.95},
            ),
        ),
        (
            "{X: 'A:1, B : 2e-1; CH2(S):3 1,3-C4H6:.5'}",
            MoleFractions(X={"A": 1, "B": 0.2, "CH2(S)": 3, "1,3-C4H6": 0.5}),
        ),
        ("{X: 'H2:2, O2:1'}", MoleFractions(X={"H2": 2.0, "O2": 1.0})),
        ("{X: {H2: 2, O2: 1}}", MoleFractions(X={"H2": 2.0, "O2": 1.0})),
        ("{concentrations: {E: 1, S: 1 mmol/L}}", Concentrations(concentrations={"E": 1.0, "S": 1e-3})),
    ],
)
def test_initial_states_are_one_of_four_kinds(write: Write, text: str, expected: object) -> None:
    start = GOOD.index("  initial:")
    end = GOOD.index("  times:")
    assert source_of(write(GOOD[:start] + f"  initial: {text}\n" + GOOD[end:])).initial == expected


def test_sections_with_nothing_but_comments_are_defaults(write: Write) -> None:
    assert load_study(write("data: runs.csv\nlearn:\n  # seed: 0\n")) == Study(data="runs.csv")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("  seed: 3", "  seeed: 3", 10, "source.seeed: unknown key; did you mean `seed`?"),
        ("  seed: 3", "  colour: 3", 10, "source.colour: unknown key; allowed here: mechanism, phase, reactor,"),
        ("  seed: 3", "  reactions: 3", 10, "source.reactions: unknown key; it belongs under `learn:`."),
        ("  seed: 3", "  seed: -3", 10, "source.seed: -3 is not greater than or equal to 0."),
        ("  seed: 3", "  seed: true", 10, "source.seed: true is not a valid integer."),
        ("constant-volume", "cstr", 4, "source.reactor: 'cstr' is not 'isothermal', 'constant-volume'"),
        ("1000 K", "1000 L", 5, "source.temperature: 'L' is not a unit of temperature."),
        ("1000 K", "-5", 5, "source.temperature: -5 is not above zero."),
        ("1000 K", "[300, 300]", 5, "source.temperature: a value stands twice"),
        ("1000 K", "[]", 5, "source.temperature: the list is empty"),
        ("1000 K", "{from: 300, to: 400}", 5, "source.temperature: a range has the keys from, to and count"),
        ("1000 K", "{from: 300, to: 400, count: 1}", 5, "source.temperature: count is 1; a range has a whole number"),
        ("1 atm", "[1 atm, .nan]", 6, "source.pressure: nan is not a finite pressure."),
        ("  pressure: 1 atm\n", "", 1, "source: mole fractions need temperature and pressure"),
        ("fuel: H2, ", "", 7, "source.initial.fuel is missing."),
        ("phi: [0.5, 1]", "phi: 0", 7, "source.initial.phi: 0 is not above zero."),
        ("phi: [0.5, 1]", "phy: 1", 7, "source.initial.phy: unknown key; did you mean `phi`?"),
        ('"O2:1, AR:3.76"', '"O2:1, AR=3.76"', 7, "source.initial.oxidizer: 'O2:1, AR=3.76' is not a mixture"),
        ('"O2:1, AR:3.76"', '"O2:-1"', 7, "source.initial.oxidizer: O2 is -1; an amount is at least zero."),
        (
            '{fuel: H2, oxidizer: "O2:1, AR:3.76", phi: [0.5, 1]}',
            "H2",
            7,
            "source.initial: 'H2' is not a map with one of",
        ),
        ("1 ms", "1 m", 8, "source.times.end: 'm' is not a unit of time."),
        ("count: 11", "count: 1", 8, "source.times.count: 1 is not greater than or equal to 2."),
        (", count: 11", "", 8, "source.times: count is missing"),
        ("count: 11", "count: 11, spacing: log", 8, "source.times: `spacing: log` needs start, the first time"),
        ("count: 11", "count: 11, spacing: log, start: 2", 8, "source.times: `spacing: log` needs start below end"),
        ("{end: 1 ms, count: 11}", "5", 8, "source.times: 5 is not a map, as {end: 1.0, count: 11}, or the word none."),
        ("  times: {end: 1 ms, count: 11}\n", "", 1, "source.times is missing."),
        ("[H2, O2]", "[H2, H2]", 9, "source.species: a species stands twice"),
        ("[H2, O2]", "H2", 9, "source.species: 'H2' is not a list of species"),
        ("reactions: 6", "reactions: 0", 12, "learn.reactions: 0 is not greater than or equal to 1 or 'auto'."),
        ("reactions: 6", "optimizer: {name: sgd}", 12, "learn.optimizer: this is neither"),
        ("reactions: 6", "optimizer: {epochs: 5}", 12, "learn.optimizer: this is neither"),
        ("reactions: 6", "reactions: {a: 5}", 12, "learn.reactions: this is not a valid integer or 'auto'."),
        ("reactions: 6", "optimizer: sgd", 12, "learn.optimizer: this is neither 'levenberg-marquardt' nor 'adam'"),
        ("reactions: 6", "optimizer: {name: adam, epoch: 1}", 12, "learn.optimizer.epoch: unknown key; did you mean"),
        ("0.25", "1", 14, "validate.hold_out: 1 is not less than 1."),
        ("1.0e-6", "0", 14, "validate.tolerance: 0 is not greater than 0."),
        ("validate: {", "validate: 3\n#", 14, "validate: this is a map of keys, not 3."),
        ("validate:", "reduce: {keep: N2}\nvalidate:", 14, "reduce.keep: 'N2' is not a list of species"),
        ("validate:", "reduce: {kep: [N2]}\nvalidate:", 14, "reduce.kep: unknown key; did you mean `keep`?"),
        ("validate:", "mechanism: b.yaml\nvalidate:", 1, "`mechanism:` beside `source:` has no effect"),
        ("validate:", "data: b.csv\nvalidate:", 1, "a study has either `source:`, to be simulated, or `data:`"),
        ("  seed: 3", "  seed: 3\n  seed: 4", 11, "this is not valid YAML: found duplicate key"),
        ("[H2, O2]", "[H2, O2", 10, "this is not valid YAML: expected ',' or ']'"),
        ("  seed: 3", "  3: 3", 10, "the key 3 is not text."),
    ],
)
def test_a_bad_value_is_refused_with_file_line_and_key(
    write: Write, old: str, new: str, line: int, message: str
) -> None:
    assert old in GOOD
    path = write(GOOD.replace(old, new, 1))
    with pytest.raises(StudyError, match=re.escape(f"{path}, line {line}: {message}")):
        load_study(path)


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        ("{sample: designed, runs: 3}", "initial.runs: unknown key"),
        ("{sample: uniform, low: 2, high: 1, runs: 1}", "initial: low is 2 and high is 1; need 0 ≤ low ≤ high"),
        ("{sample: log-uniform, low: 0, high: 1, runs: 1}", "initial: low is 0 and high is 1; need 0 < low ≤ high"),
        ("{sample: uniform, low: {A: 0}, high: {B: 1}, runs: 1}", "initial: low, high and species name different"),
        ("{sample: uniform, low: {A: 3}, high: {A: 1}, runs: 1}", "initial: low is 3 and high is 1 for A"),
        ("{sample: uniform, low: -1, high: 1, runs: 1}", "initial.low: limit is -1; an amount is at least zero"),
        ("{sample: uniform, low: 0, high: 1, runs: 0}", "initial.runs: 0 is not greater than or equal to 1"),
        ("{sample: uniform, low: 0, high: 1, runs: 2.5}", "initial.runs: 2.5 is not a valid integer"),
        (
            "{sample: uniform, low: 0, high: 1, runs: 1, diluent: {N2: 0.5}}",
            "initial: diluent goes with `of: mole-fract",
        ),
        (
            "{sample: uniform, of: mole-fractions, low: 0, high: 1, runs: 1, diluent: {N2: 1}}",
            "initial.diluent: the mole fractions sum to 1",
        ),
        (
            "{sample: uniform, of: mole-fractions, low: 0, high: 1 mM, runs: 1}",
            "initial.high: '1 mM' is not a finite number",
        ),
        (
            "{sample: uniform, of: mole-fractions, low: 0, high: 1, runs: 1, species: [N2], diluent: {N2: 0.1}}",
            "initial: N2 is both drawn and in the diluent",
        ),
        ("{concentrations: {A: 0}}", "initial.concentrations: all amounts are zero"),
        ("{concentrations: {A: -1}}", "initial.concentrations: A is -1; an amount is at least zero"),
        ("{X: 'A:1, A:2'}", "initial.X: 'A:1, A:2' names a species twice"),
    ],
)
def test_bad_initial_states_are_refused_with_their_line(write: Write, initial: str, message: str) -> None:
    path = write(f"source:\n  mechanism: a.yaml\n  times: none\n  temperature: 300\n  initial: {initial}\n")
    with pytest.raises(StudyError, match=re.escape(f"{path}, line 5: source.{message}")):
        load_study(path)


def test_designed_states_are_refused_beside_histories_in_time(write: Write) -> None:
    lines = "times: {end: 1, count: 3}", "temperature: 900", "pressure: 1", "initial: {sample: designed}"
    path = write("\n  ".join(["source:", "mechanism: a", *lines]) + "\n")
    with pytest.raises(StudyError, match="designed states are states of all species and no time histories"):
        load_study(path)


def test_several_pressures_are_refused_where_concentrations_decide(write: Write) -> None:
    path = write("source:\n  mechanism: a\n  times: none\n  pressure: [1, 2]\n  initial: {concentrations: {A: 1}}\n")
    with pytest.raises(StudyError, match="several pressures need mole fractions"):
        load_study(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: the file is empty"),
        (b"# only a comment\n", "line 1: the file is empty"),
        (b"\n- a\n- b\n", "line 2: a study is a map of keys such as `source:`, but this is a list"),
        (b"hello", "line 1: a study is a map of keys such as `source:`, but this is a single value"),
        (b"data: a\nb: \xff\xfe", "line 2: this is not text in UTF-8"),
        (b"data: a\nb: \x00", "line 2: this is not a text file"),
        (b"data: a\n\tb: 3", "line 2: this is not valid YAML: "),
        (b"learn: {seed: 2}", "line 1: a study has either `source:`, to be simulated, or `data:`"),
        (b"data: []", "line 1: a study has either"),
        (b"data: [a, 3]", "line 1: data: ['a', 3] is not the name of a file, nor a list of them"),
    ],
)
def test_what_is_no_study_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=re.escape(message)):
        load_study(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"none\.yaml cannot be read: No such file"):
        load_study(tmp_path / "none.yaml")
    with pytest.raises(StudyError, match="cannot be read: Is a directory"):
        load_study(tmp_path)


def test_all_errors_of_a_file_are_listed_in_order(write: Write) -> None:
    path = write(GOOD.replace("seed: 3", "seed: x").replace("0.25", "3").replace("ohmech", "7"))
    with pytest.raises(StudyError) as caught:
        load_study(path)
    lines = [int(re.search(r", line (\d+): ", line)[1]) for line in str(caught.value).splitlines()]  # type: ignore[index]
    assert lines == [3, 10, 14]


def test_the_text_keeps_comments_and_moves_the_paths_of_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "my mechanism.yaml").touch()
    text = GOOD.replace("h2o2.yaml", '"my mechanism.yaml"  # mine').replace("1000 K", "1000 K      # hot")
    path = tmp_path / "in" / "a.yaml"
    path.write_text(text, encoding="utf-8")
    moved = study_text(load_study(path), tmp_path / "out" / "deep")
    assert moved == text.replace('"my mechanism.yaml"', "../../in/my mechanism.yaml")
    (tmp_path / "out" / "deep").mkdir(parents=True)
    copy = tmp_path / "out" / "deep" / "study.yaml"
    copy.write_text(moved, encoding="utf-8")
    again = source_of(copy)
    assert (copy.parent / again.mechanism).samefile(path.parent / "my mechanism.yaml")


def test_the_text_moves_every_data_file_and_leaves_the_names_of_canteras_own(tmp_path: Path) -> None:
    for name in ("a.csv", "b: c.csv"):
        (tmp_path / name).touch()
    path = tmp_path / "s.yaml"
    path.write_text(f"data: [a.csv, 'b: c.csv', {tmp_path}/a.csv]\nmechanism: h2o2.yaml\n", encoding="utf-8")
    moved = YAML(typ="safe").load(study_text(load_study(path), tmp_path / "out"))
    assert moved == {"data": ["../a.csv", "../b: c.csv", f"{tmp_path}/a.csv"], "mechanism": "h2o2.yaml"}


def test_a_study_made_in_python_has_no_text() -> None:
    with pytest.raises(StudyError, match="made in Python"):
        study_text(Study(data="a.csv"), ".")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "copied"),
    [
        ("data: a.csv", "data: a.csv\nuncertainty: {bootstrap: 7}\n"),
        ("data: a.csv\nuncertainty: {bootstrap: 3}  # few\n", "data: a.csv\nuncertainty: {bootstrap: 7}  # few\n"),
        ("uncertainty:\n  bootstrap: 3\ndata: a.csv\n", "uncertainty:\n  bootstrap: 7\ndata: a.csv\n"),
        ("data: a.csv\nuncertainty: {}\n", "data: a.csv\nuncertainty: {bootstrap: 7}\n"),
        ("data: a.csv\nuncertainty: {bootstrap: 7}", "data: a.csv\nuncertainty: {bootstrap: 7}"),
    ],
)
def test_the_text_asks_for_the_resamples_that_were_asked_for(given: str, copied: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(given, encoding="utf-8")
    study = with_overrides(load_study(path), {"uncertainty.bootstrap": 7})
    assert study_text(study, tmp_path) == copied
    (tmp_path / "copy.yaml").write_text(copied)
    assert load_study(tmp_path / "copy.yaml").uncertainty.bootstrap == 7


def test_a_text_that_cannot_hold_the_resamples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("{data: a.csv}", encoding="utf-8")
    with pytest.raises(StudyError, match=r"uncertainty: \{bootstrap: 7\}"):
        study_text(with_overrides(load_study(path), {"uncertainty.bootstrap": 7}), tmp_path)


def test_overrides_change_what_they_name_and_nothing_else(write: Write) -> None:
    study = load_study(write(GOOD))
    changed = with_overrides(study, {"learn.seed": 9, "source.times": {"end": "2 s", "count": 3}})
    assert changed.source is not None
    assert study.source is not None
    assert (changed.learn.seed, changed.source.times) == (9, Times(end=2.0, count=3))
    assert with_overrides(changed, {"learn.seed": 1, "source.times": study.source.times}) == study
    assert changed.path == study.path


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("learn.sed", 1, "learn.sed: unknown key; did you mean `seed`?"),
        ("learn.seed", -1, "learn.seed: -1 is not greater than or equal to 0"),
        ("nothing.seed", 1, "nothing.seed: unknown key"),
        ("learn.seed.x", 1, "learn.seed.x: unknown key"),
    ],
)
def test_bad_overrides_are_refused(write: Write, key: str, value: int, message: str) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        with_overrides(load_study(write(GOOD)), {key: value})


def test_the_examples_are_complete_and_can_be_read() -> None:
    examples = example_studies()
    assert set(examples) >= {
        "fuel-radical-product",
        "michaelis-menten",
        "hydrogen-oxidation",
        "crnn-case1",
        "h2o2-1500K",
    }
    for path in examples.values():
        study = load_study(path)
        assert study.source is not None or study.data
