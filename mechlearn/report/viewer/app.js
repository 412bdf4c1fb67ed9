/* The state of the page and how a change of it reaches the screen. */

const state = {
  element: null,
  frame: WHOLE_RUN,
  lastMoment: 0,
  notch: LOWEST,
  selection: null,
  paths: null,
  ends: {},
  pinned: new Set(),
  cursor: undefined,
  startEdges: innerWidth < 700 ? 30 : 60,
};

const fluxOf = (edge) => fluxesAt(state.element, state.frame).find(({ id }) => id === edge.id());

/** Fluxes above the threshold, and those that a path or a search asks for. */
function shownFluxes() {
  const fluxes = fluxesAt(state.element, state.frame);
  const least = thresholdOf(state.notch) * (fluxes[0]?.flux ?? 0);
  const asked = new Set(state.paths?.found.flatMap(({ edges }) => edges.map(({ id }) => id)));
  const above = fluxes.filter(({ flux }) => flux >= least);
  const shown = above.slice(0, MOST_EDGES);
  const extra = fluxes.slice(shown.length).filter(({ id }) => asked.has(id));
  const pinned = [...state.pinned].flatMap((index) =>
    fluxes
      .slice(shown.length)
      .filter(({ source, target }) => source === index || target === index)
      .slice(0, 3),
  );
  return {
    fluxes: [...new Set([...shown, ...extra, ...pinned])],
    strongest: fluxes[0]?.flux ?? 1,
    above: above.length,
  };
}

function update() {
  const { fluxes, strongest, above } = shownFluxes();
  showLegend(strongest);
  show(fluxes, strongest, state.pinned);
  highlight();
  showPanel();
  showSettings(fluxes.length, above);
}

function showSettings(count, above) {
  const total = fluxesAt(state.element, state.frame).length;
  const least = percent(thresholdOf(state.notch));
  byId("threshold").value = state.notch;
  byId("threshold").setAttribute("aria-valuetext", `${least} of the largest flux, ${count} of ${total} fluxes shown`);
  byId("threshold-text").textContent = `≥ ${least}`;
  byId("count").textContent =
    above > MOST_EDGES ? `the ${MOST_EDGES} strongest of ${total} shown` : `${count} of ${total} shown`;
  byId("frame").value = state.frame;
  byId("frame").setAttribute("aria-valuetext", frameText(state.frame));
  byId("frame-text").textContent = frameText(state.frame);
  byId("whole-run").setAttribute("aria-pressed", isWholeRun(state.frame));
  byId("path-clear").hidden = !state.paths;
  const chosen = document.querySelector(`#elements input[value="${state.element}"]`);
  if (chosen) chosen.checked = true;
  byId("empty").hidden = count > 0;
}

/** Classes of nodes and edges from the selection; what is not meant steps back. */
function highlight() {
  const { cy } = scene;
  cy.batch(() => {
    cy.elements().removeClass("into out chosen path faded");
    const { selection } = state;
    let meant = cy.collection();
    if (state.paths) {
      for (const { edges, nodes } of state.paths.found) {
        for (const { id } of edges) meant = meant.union(cy.getElementById(id));
        for (const index of nodes) meant = meant.union(cy.getElementById(`s${index}`));
      }
      meant.addClass("path");
    }
    if (selection?.kind === "species") {
      const node = cy.getElementById(`s${selection.index}`).addClass("chosen");
      node.incomers("edge").addClass("into");
      node.outgoers("edge").addClass("out");
      meant = meant.union(node.closedNeighborhood());
    } else if (selection?.kind === "edge" || selection?.kind === "reaction") {
      const pairs = pairsOf(state.element);
      const edges = cy
        .edges()
        .filter((edge) =>
          selection.kind === "edge"
            ? edge.data("pair") === selection.flux.pair.index
            : pairs[edge.data("pair")].parts.some(([reaction, share]) => reaction === selection.index && share >= 0.01),
        );
      meant = meant.union(edges.addClass("chosen")).union(edges.connectedNodes());
    }
    if (meant.nonempty()) cy.elements().difference(meant).addClass("faded");
  });
}

function choose(selection, { reveal = false, toGraph = false } = {}) {
  state.selection = selection;
  if (reveal && selection?.kind === "species") {
    const carries = fluxesAt(state.element, state.frame).some(({ source, target }) =>
      [source, target].includes(selection.index),
    );
    if (carries && scene.cy.getElementById(`s${selection.index}`).empty()) state.pinned.add(selection.index);
    if (!carries) announce(`${species[selection.index].name} takes no part in the fluxes of ${state.element} here`);
  }
  update();
  const node = selection?.kind === "species" && scene.cy.getElementById(`s${selection.index}`);
  if (node && node.nonempty()) {
    state.cursor = selection.index;
    if (reveal)
      scene.cy.animate({ center: { eles: node }, zoom: Math.max(scene.cy.zoom(), 0.8), duration: calm() ? 0 : 250 });
    if (toGraph) byId("graph").focus();
  }
  if (selection) announce(`${byId("panel-title").textContent}, numbers in the panel`);
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function layOutAgain() {
  scene.places = new Map();
  scene.cy.elements().remove();
  update();
  fit();
}

function showLegend(strongest) {
  const widths = [1, 0.1, 0.01].map((relative) => {
    const line = make("i", { class: "line", style: `height: ${edgeWidth(relative)}px` });
    const unit = relative === 0.01 ? ` ${rateUnit(state.frame)}` : "";
    return make("li", {}, line, number(strongest * relative) + unit);
  });
  byId("legend-widths").replaceChildren(...widths);
  byId("legend-element").textContent = state.element;
  const uses = {
    "legend-species": state.selection?.kind === "species",
    "legend-chosen": ["edge", "reaction"].includes(state.selection?.kind),
    "legend-path": Boolean(state.paths),
  };
  for (const [id, used] of Object.entries(uses))
    for (const node of document.querySelectorAll(`.${id}`)) node.hidden = !used;
}

function startPointer() {
  const { cy } = scene;
  const tip = byId("tip");
  cy.on("tap", "node", ({ target }) => choose({ kind: "species", index: target.data("index") }));
  cy.on("tap", "edge", ({ target }) => choose({ kind: "edge", flux: fluxOf(target) }));
  cy.on("tap", ({ target }) => target === cy && state.selection && choose(null));
  cy.on("mouseover", "edge", ({ target, renderedPosition }) => {
    const flux = fluxOf(target);
    tip.textContent = `${arrowText(flux)}: ${number(flux.flux)} ${rateUnit(state.frame)}`;
    tip.hidden = false;
    tip.style.left = `${Math.min(renderedPosition.x + 14, cy.width() - tip.offsetWidth - 8)}px`;
    tip.style.top = `${renderedPosition.y + 14}px`;
  });
  cy.on("mouseout drag pan zoom", () => (tip.hidden = true));
}

/** The fuel's carbon, else another of its elements than hydrogen, which is in everything. */
function firstElement() {
  const inFuel = Object.keys(species[fuel]?.composition ?? {}).filter((element) => elements.includes(element));
  const other = inFuel.find((element) => element !== "H");
  if (inFuel.includes("C") || (fuel < 0 && elements.includes("C"))) return "C";
  return other ?? inFuel[0] ?? elements[0];
}

function start() {
  byId("title").textContent = content.title;
  byId("subtitle").textContent = content.mechanism;
  state.element = firstElement();
  startScene(byId("graph"));
  startControls();
  if (state.element === undefined) {
    byId("empty").hidden = false;
    return;
  }
  state.notch = startThreshold(state.startEdges);
  update();
  fit();
  startPointer();
  startKeyboard();
}

start();
window.viewer = { state, graph: scene.cy, drawing: () => drawingSvg().markup };
