/* The graph by keyboard: a cursor that moves between species. */

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function startKeyboard() {
  const graph = byId("graph");
  graph.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (WAYS[event.key]) moveCursor(...WAYS[event.key]);
    else if (event.key === "Enter" || event.key === " ") chooseCursor();
    else if (event.key === "+" || event.key === "=") zoomBy(1.25);
    else if (event.key === "-") zoomBy(0.8);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  });
  graph.addEventListener("focus", () => graph.matches(":focus-visible") && setCursor(cursorNode()));
  graph.addEventListener("blur", () => scene.cy.nodes(".cursor").removeClass("cursor"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const typing = event.target.matches("input:not([type=range]):not([type=radio])");
    if (event.key === "Escape") escape(event);
    else if (typing) return;
    else if (event.key === "?") byId("help").showModal();
    else if (event.key === "/") byId("search").focus();
    else if (event.key === "g") byId("graph").focus();
    else if (event.key === "p") byId("panel-title").focus();
    else if (event.key === "[" || event.key === "]")
      setFrame(Math.min(WHOLE_RUN, Math.max(0, state.frame + (event.key === "]" ? 1 : -1))));
    else if (event.key === "l") layOutAgain();
    else return;
    event.preventDefault();
  });
}

function escape(event) {
  if (state.selection) choose(null);
  else if (state.paths) clearPaths();
  else event.target.blur();
}

function cursorNode() {
  const { cy } = scene;
  for (const index of [state.cursor, state.selection?.index, fuel]) {
    const node = cy.getElementById(`s${index}`);
    if (node.nonempty()) return node;
  }
  return cy.nodes().first();
}

/** To the nearest node in this direction; a neighbour counts as three times as near. */
function moveCursor(dx, dy) {
  const from = cursorNode();
  if (from.empty()) return;
  const near = from.neighborhood();
  const here = from.position();
  let best = null;
  scene.cy.nodes().forEach((node) => {
    const [x, y] = [node.position("x") - here.x, node.position("y") - here.y];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (ahead <= 1 || aside > 2.5 * ahead) return;
    const cost = (ahead + 1.5 * aside) / (near.contains(node) ? 3 : 1);
    if (!best || cost < best.cost) best = { node, cost };
  });
  setCursor(best ? best.node : from);
}

function setCursor(node) {
  const { cy } = scene;
  cy.nodes(".cursor").removeClass("cursor");
  if (node.empty()) return;
  node.addClass("cursor");
  state.cursor = node.data("index");
  bringIntoView(node);
  const [into, out] = [node.incomers("edge").length, node.outgoers("edge").length];
  announce(`${node.data("label")}, ${into} in, ${out} out`);
}

function chooseCursor() {
  const node = cursorNode();
  if (node.nonempty()) choose({ kind: "species", index: node.data("index") });
}

function bringIntoView(node) {
  const { cy } = scene;
  const box = node.renderedBoundingBox();
  const dx = Math.max(0, 30 - box.x1) - Math.max(0, box.x2 - cy.width() + 30);
  const dy = Math.max(0, 30 - box.y1) - Math.max(0, box.y2 - cy.height() + 30);
  if (dx || dy) cy.panBy({ x: dx, y: dy });
}

function announce(text) {
  byId("live").textContent = text;
}
