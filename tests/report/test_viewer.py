"""The viewer as people use it: in a real browser, with its mouse and keys."""

from __future__ import annotations

import copy
import itertools
import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from mechlearn.errors import FormatError
from mechlearn.report.viewer.viewer_page import write_viewer

from ..browser import CHROMIUM, Browser, browser, wait_for
from ..viewer_contents import Content, changed, ignition_content, large_content
from ..viewer_page import arrows, at_node, beyond_view, labels, overlaps

SHOWN = "return viewer.graph.edges().length"


@pytest.fixture(scope="module")
def methane() -> Content:
    return ignition_content("gri30.yaml", "CH4", "CH4:1,O2:2,N2:7.52", frames=8)


@pytest.fixture(scope="module")
def hydrogen() -> Content:
    return ignition_content("h2o2.yaml", "H2", "H2:2,O2:1,AR:4", temperature=1200, frames=5, duration=1e-3)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium to open the page with; install it, on Debian by `apt-get install chromium`")
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def opened(window: Browser, tmp_path: Path) -> Iterator[Callable[[Content], Browser]]:
    """Opens a content at desktop size; whatever a test does then, the page must not have complained."""

    def open_page(content: Content) -> Browser:
        write_viewer(content, tmp_path / "page.html")
        window.command("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
        window.open(tmp_path / "page.html")
        return window

    window.resize(1280, 800)
    window.prefer("light")
    yield open_page
    complaints = window.seen("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
    assert not complaints
    window.open(Path("/dev/null"))


def number(content: Content, name: str) -> int:
    return [each["name"] for each in content["species"]].index(name)


def test_opens_by_itself(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    requests = [event["request"]["url"] for event in page.seen("Network.requestWillBeSent")]
    assert [url for url in requests if not url.startswith("data:")] == [page.script("return location.href")]
    assert page.script("return document.title") == methane["title"] == page.text("h1")
    assert 20 < page.script(SHOWN) <= 60
    assert "CH4 → CH3" in page.text("#panel")


def test_flows_from_left_to_right_without_overlaps(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    chain = [at_node(page, name)[0] for name in ("CH4", "CH3", "CH2O", "HCO", "CO", "CO2")]
    assert chain == sorted(chain)
    assert not overlaps(page)


def test_threshold_changes_what_is_shown_and_nodes_keep_their_places(
    opened: Callable[[Content], Browser], methane: Content
) -> None:
    page = opened(methane)
    before, place = page.script(SHOWN), at_node(page, "CH2O")
    page.focus("#threshold")
    page.press(*["ArrowLeft"] * 30)
    more = page.script(SHOWN)
    assert more > before
    assert at_node(page, "CH2O") == place
    assert not overlaps(page)
    assert f"{more} of" in page.text("#count")
    page.press("End")
    assert page.script(SHOWN) == 1
    page.press("Home")
    page.click("#relayout")
    assert page.script(SHOWN) > more
    assert not overlaps(page)


def test_drag_moves_a_species_or_the_view(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    (x, y), other = at_node(page, "CH2O"), at_node(page, "CH4")
    page.drag((x, y), (x + 30, y + 90))
    assert at_node(page, "CH2O") == pytest.approx((x + 30, y + 90), abs=2)
    assert at_node(page, "CH4") == other
    page.focus("#threshold")
    page.press("End", "Home")
    assert at_node(page, "CH2O") == pytest.approx((x + 30, y + 90), abs=2)
    empty = page.script("const b = document.getElementById('graph').getBoundingClientRect(); return [b.x + 5, b.y + 5]")
    page.drag(empty, (empty[0] + 40, empty[1] + 20))
    assert at_node(page, "CH4") == pytest.approx((other[0] + 40, other[1] + 20), abs=2)
    page.click("#zoom-in")
    assert page.script("return viewer.graph.zoom()") > page.script(
        "document.getElementById('fit').click(); return viewer.graph.zoom()"
    )


def test_moment_changes_widths(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    whole = arrows(page)
    page.focus("#frame")
    page.press("ArrowLeft")
    assert page.text("#frame-text").startswith(methane["frames"][-2]["label"])
    assert arrows(page) != whole
    page.press("Home", *["ArrowRight"] * 4)
    net = {tuple(sorted((a, b))): abs(values[4]) for a, b, values, _ in methane["fluxes"]["C"]}
    width = arrows(page)
    one, other = sorted(width, key=lambda name: -width[name])[:2]
    pairs = [net[tuple(sorted(number(methane, name) for name in each.split(" → ")))] for each in (one, other)]
    assert pairs[0] == max(net.values())
    assert width[other] / width[one] == pytest.approx(math.sqrt(pairs[1] / pairs[0]))
    page.click("#whole-run")
    assert arrows(page).keys() >= whole.keys()


def test_arrows_follow_the_sign_of_the_net_flux(opened: Callable[[Content], Browser], hydrogen: Content) -> None:
    hydrogen = changed(hydrogen, "elements", ["H"])
    turned = copy.deepcopy(hydrogen)
    for flux in turned["fluxes"]["H"]:
        flux[2][-1] *= -1
    there, back = arrows(opened(hydrogen)), arrows(opened(turned))
    assert there
    assert {" → ".join(reversed(name.split(" → "))) for name in there} == back.keys()


def test_element_is_chosen(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    page.resize(1000, 640)
    page.click("#elements input[value=O]")
    assert page.text("#legend-element") == "O"
    assert {"O2", "OH", "H2O"} <= labels(page, "node")
    assert not page.script("return Boolean(document.querySelector('#elements input[value=Ar]'))")
    assert not beyond_view(page)


def test_search_jumps_to_a_species_below_the_threshold(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    assert "HCCOH" not in labels(page, "node")
    page.focus("#search")
    page.press("hccoh")
    assert page.text("#search-list li") == "HCCOH"
    page.press("Enter")
    assert labels(page, ".chosen") == {"HCCOH"}
    assert page.text("#panel h2") == "HCCOH"
    assert page.focused() == "graph"


def test_click_on_a_species_shows_its_numbers(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    page.click_at(*at_node(page, "CH2O"))
    index = number(methane, "CH2O")
    assert page.text("#panel h2") == "CH2O"
    assert "30 kg/kmol" in page.text("#panel")
    amount = [
        sum(n for i, n in r["products"] if i == index) - sum(n for i, n in r["reactants"] if i == index)
        for r in methane["reactions"]
    ]
    made = np.array(amount) * [r["forward"][-1] - r["reverse"][-1] for r in methane["reactions"]]
    best = int(np.argmax(made))
    equation, share = page.text("#panel section .shares li").split("\n")
    assert equation == methane["reactions"][best]["equation"]
    assert float(share.removesuffix(" %")) == pytest.approx(100 * made[best] / made[made > 0].sum(), abs=0.6)
    page.click("#panel section .shares button")
    assert page.text("#panel h2") == equation
    assert methane["reactions"][best]["rate"] in page.text("#panel")
    assert arrows(page, ".chosen")
    page.click("#panel .icon")
    assert page.text("#panel .kind") == "Overview"


def test_click_on_an_arrow_shows_its_reactions(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    code = """const { x, y } = document.getElementById("graph").getBoundingClientRect();
        const edge = viewer.graph.edges().max((each) => each.data("flux")).ele;
        const at = edge.renderedMidpoint(); return [x + at.x, y + at.y]"""
    page.click_at(*page.script(code))
    assert page.text("#panel h2") == "CH4 → CH3"
    ends = {number(methane, "CH4"), number(methane, "CH3")}
    first = next(flux[3][0][0] for flux in methane["fluxes"]["C"] if set(flux[:2]) == ends)
    assert page.text("#panel section .shares .name") == methane["reactions"][first]["equation"]


def test_strongest_paths_are_highlighted(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    for end, name in (("from", "CH4"), ("to", "CO2")):
        page.focus(f"#path-{end}")
        page.press(name, "Enter")
    graph = nx.DiGraph()
    for a, b, values, _ in methane["fluxes"]["C"]:
        if values[-1]:
            graph.add_edge(*((a, b) if values[-1] > 0 else (b, a)), flux=abs(values[-1]))
    out = dict(graph.out_degree(weight="flux"))
    for source, _, edge in graph.edges(data=True):
        edge["cost"] = -math.log(edge["flux"] / out[source])
    ends = number(methane, "CH4"), number(methane, "CO2")
    best = itertools.islice(nx.shortest_simple_paths(graph, *ends, weight="cost"), 3)
    names = [each["name"] for each in methane["species"]]
    wanted = [" → ".join(names[index] for index in path) for path in best]
    shown = page.script("return [...document.querySelectorAll('#panel .chain')].map((each) => each.textContent)")
    assert shown == wanted
    assert labels(page, ".path") == {name for path in wanted for name in path.split(" → ")}
    assert page.script("return viewer.graph.edges('.faded').length") > 0
    page.click("#path-clear")
    assert not labels(page, ".path")


def test_exports(opened: Callable[[Content], Browser], methane: Content, tmp_path: Path) -> None:
    page = opened(methane)
    files = {ending: tmp_path / f"gri30.yaml-C.{ending}" for ending in ("svg", "png")}
    for ending in files:
        page.click(f"#export-{ending}")
    wait_for(lambda: all(path.exists() and path.stat().st_size for path in files.values()), "exported files")
    root = ET.parse(files["svg"]).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    drawn = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert labels(page, "node") <= drawn
    picture = files["png"].read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(picture[16:20], "big") == 2 * int(root.attrib["width"])


def test_keyboard_alone(opened: Callable[[Content], Browser], methane: Content) -> None:
    page = opened(methane)
    order = []
    while "graph" not in order:
        page.press("Tab")
        order.append(page.focused())
    wanted = ["export-svg", "theme", "help-open", "search", "threshold", "frame", "whole-run", "path-from", "graph"]
    assert [each for each in order if each in wanted] == wanted
    assert labels(page, ".cursor") == {"CH4"}
    page.press("ArrowRight")
    assert labels(page, ".cursor") == {"CH3"}
    assert page.text("#live").startswith("CH3, ")
    page.press("Enter")
    assert page.text("#panel h2") == "CH3"
    page.press("p", *["Tab"] * 4)
    producer = page.script("return document.activeElement.querySelector('.name').innerText")
    page.press("Enter")
    assert page.text("#panel h2") == producer
    assert page.focused() == "panel-title"
    page.press("g", "Enter", "p", "Tab", "Tab", "Enter")
    assert page.script("return viewer.state.ends.from") == number(methane, "CH3")
    assert page.focused() == "path-to"
    page.focus("#graph")
    page.press("Escape", "?")
    assert page.text("#panel .kind") == "Overview"
    assert page.script("return document.getElementById('help').open")
    page.press("Escape")
    assert not page.script("return document.getElementById('help').open")
    assert page.script("return [...document.querySelectorAll('button')].every((b) => b.innerText || b.ariaLabel)")


def test_light_and_dark(opened: Callable[[Content], Browser], hydrogen: Content) -> None:
    page = opened(hydrogen)
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = page.script(ground)
    page.prefer("dark")
    dark = wait_for(lambda: (now := page.script(ground)) != light and now, "dark colours")
    for now in (light, dark):
        page.click("#theme")
        assert page.script(ground) == now


def test_phone_has_nothing_beyond_its_width(opened: Callable[[Content], Browser], methane: Content) -> None:
    opened(methane).resize(390, 844)
    page = opened(methane)
    assert page.script("return document.documentElement.scrollWidth") <= 390
    assert at_node(page, "CH4")[1] < at_node(page, "CO2")[1]
    assert page.script(SHOWN) <= 30


@pytest.mark.parametrize("name", ["</script><b>x", "<!--<script>", "[[script]]", "\u2028'\"&amp;\\", "<img src=x>"])
def test_names_never_become_markup(opened: Callable[[Content], Browser], hydrogen: Content, name: str) -> None:
    content = copy.deepcopy(hydrogen)
    content["species"][number(content, "OH")]["name"] = content["title"] = name
    content["reactions"][0]["equation"] = content["mechanism"] = name
    page = opened(content)
    assert page.script("return document.title.trim()") == name.strip()
    page.click_at(*at_node(page, name))
    code = "return document.querySelector('#panel h2').textContent + document.querySelectorAll('b, img').length"
    assert page.script(code) == name + "0"
    assert (
        ET.fromstring(page.script("document.getElementById('export-svg').click(); return viewer.drawing()")) is not None
    )


def test_large_mechanism_opens_fast_and_slides_smoothly(opened: Callable[[Content], Browser]) -> None:
    page = opened(large_content(species=1268, reactions=5336, frames=12))
    assert page.processor_seconds() < 5
    assert page.script(SHOWN) <= 60
    code = """const slider = document.getElementById(arguments[0]);
        for (let step = 0; step < 10; step += 1) {
            slider.stepDown(1); slider.dispatchEvent(new Event("input"));
        }"""
    for slider in ("threshold", "frame"):
        before = page.processor_seconds()
        page.script(code, slider)
        assert (page.processor_seconds() - before) / 10 < 0.1


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("fuel", None, "lacks fuel"),
        ("frames", [], "no frames"),
        ("species.2.concentration", [1.0], "6 frames, but 1 numbers for the concentration of"),
        ("reactions.1.forward.0", math.nan, "cannot be written as JSON"),
        ("species.0.name", "\ud800", "cannot be written as JSON"),
        ("reactions.1.reverse", [], "0 numbers for the reverse rate"),
        ("reactions.1.products", [[99, 1]], "names number 99 of 10 species"),
        ("fluxes.H.0.3", [[-1, 1.0]], "names number -1 of 29 reactions"),
    ],
)
def test_bad_content_is_refused(hydrogen: Content, tmp_path: Path, path: str, value: Any, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        write_viewer(changed(hydrogen, path, value), tmp_path / "page.html")
    assert not list(tmp_path.iterdir())
