"""The report: what it says, and how it looks in a browser and on paper."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np
import pytest

from mechlearn.__main__ import main
from mechlearn.chemistry.mechanism import Arrhenius, Falloff, Mechanism, Reaction, Species, ThirdBody
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.errors import FormatError
from mechlearn.formats.cantera_yaml.mechanism_reading import read_mechanism
from mechlearn.formats.tables.csv import write_csv
from mechlearn.report.pages.content import report_content
from mechlearn.report.pages.page import template
from mechlearn.report.pages.reaction_rows import reaction_rows
from mechlearn.report.pages.report_files import report_html, report_markdown, write_report
from mechlearn.report.pages.subject import Subject
from mechlearn.study.reduce import reduce_study
from mechlearn.study.run import run_study
from mechlearn.study.schema import Study, load_study
from mechlearn.study.simulate import simulate

from ..browser import CHROMIUM, Browser, browser

Content = dict[str, Any]

STUDY = """
source:
  mechanism: fuel-radical-product.yaml
  reactor: isothermal
  temperature: 300 K
  initial: {sample: uniform, low: 0, high: 1, runs: 30}
  times: {end: 1.0, count: 11}
learn: {reactions: 2}
validate: {tolerance: 1.0e-6, criteria: {final_state: 1.0e-9}}
"""
TERMS = """
data: runs.csv
validate:
  ignition: max OH
  tolerance: 0.05
  criteria: {ignition_delay: 0.01, energy: 1.0e-5}
  noise: {relative: 0.02, absolute: 1.0e-6}
"""

REDUCTION = """
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [1100, 1500]
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, N2:3.76", phi: 1}
  times: none
reduce:
  targets: {ignition_delay: {limit: 0.5}, species: {limit: 0.5, names: [H2]}}
  held_out: {temperature: [1300]}
"""
PAGES = ["learnt/report.html", "late.html", "reduced/report.html"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports of a study, of a mechanism that ignites too late, and of a reduction."""
    folder = tmp_path_factory.mktemp("reports")
    (folder / "small.yaml").write_text(STUDY)
    with pytest.raises(SystemExit) as end:
        main(["run", str(folder / "small.yaml"), "-o", str(folder / "learnt"), "--quiet"])
    assert end.value.code == 0
    source = {"mechanism": "h2o2.yaml", "reactor": "constant-volume", "temperature": [1200, 1350], "pressure": "2 atm"}
    mixture = {"initial": {"X": "H2:2, O2:1, N2:4"}, "times": {"end": "0.3 ms", "count": 61}}
    write_csv(simulate(Study(source={**source, **mixture})), folder / "runs.csv")  # type: ignore[arg-type]
    gas = ct.Solution("h2o2.yaml", transport_model=None)
    slow = [each for each in gas.reactions() if each.equation != "H2 + O <=> H + OH"]
    gas = ct.Solution(thermo="ideal-gas", kinetics="gas", species=gas.species(), reactions=slow)
    gas.write_yaml(folder / "slow.yaml")
    (folder / "terms.yaml").write_text(TERMS)
    words = [str(folder / name) for name in ("slow.yaml", "runs.csv")]
    with pytest.raises(SystemExit) as end:
        main(["validate", *words, "--study", str(folder / "terms.yaml"), "--report", str(folder / "late.html")])
    assert end.value.code == 1
    (folder / "reduction.yaml").write_text(REDUCTION)
    reduce_study(load_study(folder / "reduction.yaml"), folder / "reduced", cores=1)
    return folder


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium to open the page with; install it, on Debian by `apt-get install chromium`")
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 800, 360])
@pytest.mark.parametrize("name", PAGES)
def test_page_stands_alone_at_every_width(window: Browser, pages: Path, name: str, width: int, scheme: str) -> None:
    window.prefer(scheme)
    window.resize(width, 800)
    window.open(pages / name)
    assert len(window.seen("Network.requestWillBeSent")) == 1
    assert not window.seen("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
    assert window.script("return document.documentElement.scrollWidth") <= width
    ids = window.script("return [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    sizes = window.script(
        "return [...document.querySelectorAll('figure svg')].map((each) => each.getBoundingClientRect().width)"
    )
    assert len(sizes) >= 3
    assert min(sizes) > min(0.8 * width, 280)
    ink, paper = window.script(
        "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor].map((c) => c.match(/\\d+/g))"
    )
    lightness = [sum(map(int, colour)) / 765 for colour in (ink, paper)]
    assert (
        (lightness[1] > 0.9 and lightness[0] < 0.3) if scheme == "light" else (lightness[1] < 0.2 < 0.8 < lightness[0])
    )


@pytest.mark.parametrize("name", PAGES)
def test_page_is_printed_in_light_colours(window: Browser, pages: Path, name: str) -> None:
    window.prefer("dark")
    window.open(pages / name)
    sheet = base64.b64decode(window.command("Page.printToPDF", printBackground=True)["data"])
    assert sheet.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", sheet)) <= 8
    window.command("Emulation.setEmulatedMedia", media="print", features=[])
    assert window.script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert window.script("return getComputedStyle(document.querySelector('.signature')).display") == "flex"
    window.command("Emulation.setEmulatedMedia", media="", features=[])


def test_names_are_texts_in_markdown(tmp_path: Path) -> None:
    (tmp_path / "a.md.jinja").write_text("| {{ name | cell }} | {{ equation }} |\n")
    text = template(tmp_path / "a.md.jinja").render(name="<script>a|b</script>", equation="[A](x:y) <=> B")
    assert text == "| \\<script>a\\|b\\</script> | [A]\\(x:y) <=> B |\n"


def test_learnt_report_says_what_the_summary_holds(pages: Path) -> None:
    page = (pages / "learnt/report.html").read_text(encoding="utf-8")
    text = (pages / "learnt/report.md").read_text(encoding="utf-8")
    summary = json.loads((pages / "learnt/summary.json").read_text())
    for each in (summary["message"], "simulated with fuel-radical-product.yaml", "mechlearn run study.yaml -o results"):
        assert each in text
        assert each in page
    for reaction in summary["reactions"]:
        assert f"| {reaction['equation']} |" in text
        assert reaction["interval"]["forward"]["text"] in text
    assert text.count("SHA-256") == 2
    assert "| Final state |" in text
    assert "| 1 × 10⁻⁹ | holds |" in text
    assert "how rate constants depend on temperature is not known" in text
    assert (pages / "learnt/study.yaml").read_text().strip() in text
    for name, version in summary["versions"].items():
        assert f"- {name} {version}" in text
    for chart in ("p0", "parity"):
        assert f'<figure id="{chart}">' in page


def test_report_of_a_validation_shows_the_broken_limit(pages: Path) -> None:
    page = (pages / "late.html").read_text(encoding="utf-8")
    assert "✗ broken" in page
    assert "✓ holds" in page
    assert "No run was held out" in page
    assert '<figure id="delays">' in page
    assert "Ignition is max OH" in page
    assert "Contribution" not in page


def test_report_of_a_reduction_says_what_was_asked_found_and_how_to_repeat_it(pages: Path) -> None:
    page = (pages / "reduced/report.html").read_text(encoding="utf-8")
    summary = json.loads((pages / "reduced/summary.json").read_text())
    for each in (
        summary["message"],
        f"{summary['species']} species, {summary['reactions']} reactions",
        "within 50 %, until 400 K are gained",
        "mechlearn reduce study.yaml -o reduced",
        hashlib.sha256((pages / "reduced/study.yaml").read_bytes()).hexdigest(),
        "as it comes with Cantera",
        "Held out: 1 condition<",
    ):
        assert each in page
    for chart in ("delay-errors", "curve-species", "curve-reactions"):
        assert f'<figure id="{chart}">' in page
    left = page.split('<section id="left">')[1].split("</section>")[0]
    assert left.count('<tr><th scope="row">') == summary["reactions"]


def subject(pages: Path, name: str = "A") -> Subject:
    summary = {
        "status": "unexplained-residual",
        "message": f"The <b>{name}</b> | is open.",
        "reactions": [{"equation": f"{name} => B", "forward": {"A": 2.0, "b": 0.5, "Ea": -3e6}, "reverse": None}],
    }
    runs = simulate(Study(source={"mechanism": "h2o2.yaml", **HYDROGEN}))  # type: ignore[arg-type]
    return Subject(name, summary, read_mechanism(pages / "learnt/learned.yaml"), runs, runs, None)


HYDROGEN = {
    "temperature": 1200,
    "pressure": "1 atm",
    "initial": {"X": "H2:2, O2:1"},
    "times": {"end": "10 us", "count": 3},
}


@pytest.mark.parametrize("name", ["</title><script>x", "A|B", "$A$"])
def test_names_become_neither_markup_nor_cells(pages: Path, name: str) -> None:
    content = report_content(subject(pages, name))
    assert "<script" not in report_html(content)
    assert "<b>" not in report_html(content)
    (row,) = [line for line in report_markdown(content).splitlines() if "=> B" in line]
    assert len(re.findall(r"(?<!\\)\|", row)) == 8
    assert report_html(content) == report_html(report_content(subject(pages, name)))


def test_a_mechanism_without_validation_says_so(pages: Path) -> None:
    content = report_content(subject(pages))
    assert content["severity"] == "bad"
    assert "No run could be simulated again, so that nothing is validated." in content["unknown"]
    assert content["reactions"][0]["forward"] == "2 T^0.5 exp(3/RT)"


@pytest.mark.parametrize(
    ("entry", "flags"),
    [
        ({"interval": {"forward": {"text": "± 1 %"}}, "contribution": 0.5, "found_by": ["network", "candidates"]}, []),
        ({"interval": {"forward": {"text": "> 30"}}}, ["forward rate bounded on one side"]),
        ({"interval": {"reverse": {"text": "open"}}}, ["reverse rate not determined"]),
        ({"std_error_log_k": {"forward": 2.0}}, ["forward rate vague"]),
        ({"contribution": 1e-5, "found_by": ["candidates"]}, ["weak", "only the candidates found it"]),
    ],
)
def test_flags_tell_what_to_beware_of(pages: Path, entry: Content, flags: list[str]) -> None:
    base = {"equation": "A => B", "forward": {"A": 1.0, "b": 0.0, "Ea": 0.0}, "reverse": None}
    other = {**base, "found_by": ["network", "candidates"]}
    each = subject(pages)
    rows = reaction_rows(replace(each, summary={**each.summary, "reactions": [{**base, **entry}, other]}))
    assert rows[0]["flags"] == flags


def test_rows_have_the_colliders_both_limits_and_the_kind_of_an_unknown_rate(pages: Path) -> None:
    low = Falloff(Arrhenius(2e12, -0.9, -7.11e6), (0.73, 94.0, 1756.0))
    falling = Reaction({"A": 2}, {"B": 1}, Arrhenius(7e10), third_body=ThirdBody({"C": 6.0}), falloff=low)
    unknown = Reaction({"A": 1}, {"B": 1}, None, definition={"equation": "A => B", "type": "Chebyshev"})
    mechanism = Mechanism(tuple(Species(name) for name in "ABC"), (falling, unknown))
    entries = [{"equation": "2 A (+M) => B (+M)", "forward": {"A": 7e10, "b": 0.0, "Ea": 0.0}}, {"equation": "A => B"}]
    rows = reaction_rows(replace(subject(pages), mechanism=mechanism, summary={"reactions": entries}))
    colliders = "M: C 6, others 1; low pressure: A 2e+12, b -0.9, Ea -7.11 kJ/mol; Troe 0.73, 94, 1756"
    assert [row["colliders"] for row in rows] == [colliders, ""]
    assert [row["forward"] for row in rows] == ["7 × 10¹⁰", "Chebyshev"]


def test_alternatives_and_bound_rates_are_sentences(pages: Path) -> None:
    each = subject(pages)
    pair = {"between": [[0, "forward"], [0, "reverse"]], "correlation": 0.99}
    more: Content = {
        "alternatives": {"found": [{"text": "A can be B."}], "n_more": 2, "undetermined": ["A + B"], "scope": "all"},
        "bootstrap": {"resamples": 20, "others": [{"equation": "B => C", "support": 0.25}]},
        "uncertainty": {"level": 0.95, "temperature": 300.0, "bound": [pair]},
        "reactions": [{**entry, "support": 0.5} for entry in each.summary["reactions"]],
    }
    content = report_content(replace(each, summary=each.summary | more))
    assert content["alternatives"] == ["A can be B.", "There are 2 more such sets."]
    assert any("correlation 0.99" in sentence for sentence in content["unknown"])
    assert any("A + B" in sentence for sentence in content["unknown"])
    assert content["reactions"][0]["support"].endswith("in 10 of 20 halves of the runs")
    assert any("20 halves of the runs" in sentence and "B => C (25 %)" in sentence for sentence in content["unknown"])
    assert "in 95 of 100 cases" in content["rate_note"]


def test_what_is_not_of_mass_action_is_shown(tmp_path: Path) -> None:
    """A Hill law: no reaction explains it, and the report says so beside the residual that no polynomial explains."""
    species = tuple(Species(name) for name in ("F", "R"))
    generator, runs = np.random.default_rng(0), []
    for number in range(40):
        state = generator.uniform(0.0, 1.0, (11, 2))
        speed = state[:, 0] ** 2 / (0.25 + state[:, 0] ** 2)
        fixed: Content = {"temperature": np.full(11, 300.0), "pressure": np.full(11, 1e5), "reactor": "isothermal"}
        rates = np.stack([-speed, speed], axis=1)
        runs.append(Trajectory(np.linspace(0.0, 1.0, 11), state, rates=rates, name=f"run {number}", **fixed))
    write_csv(Trajectories(species, tuple(runs)), tmp_path / "hill.csv")
    (tmp_path / "hill.yaml").write_text("data: hill.csv\nlearn: {restarts: 1}\n")
    outcome = run_study(load_study(tmp_path / "hill.yaml"), tmp_path / "results")
    assert outcome.status == "not-mass-action"
    assert {"report.html", "report.md"} <= set(outcome.summary["files"])
    page = (tmp_path / "results/report.html").read_text(encoding="utf-8")
    assert "neighbouring states agree" in page
    assert '<figure id="structure">' in page
    assert "Noise alone would make a round cloud" in page


@pytest.mark.parametrize("name", ["report.pdf", "report"])
def test_other_endings_are_refused(pages: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(FormatError, match=r"Give a name that ends in \.html or \.md"):
        write_report(report_content(subject(pages)), tmp_path / name)


def test_a_report_with_another_ending_is_refused_before_the_work(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["validate", str(pages / "slow.yaml"), str(pages / "runs.csv"), "--report", str(pages / "a.pdf")])
    assert end.value.code == 2
    assert ".html" in capsys.readouterr().err
