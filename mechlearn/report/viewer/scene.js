/* The drawing: which nodes and edges stand where. Nodes keep their places until they are laid out anew. */

const NODE_HEIGHT = 30;
const LAYER_GAP = 40;
const NODE_GAP = 16;
const EDGE_GAP = 9;
const WIDEST_EDGE = 11;
const MOST_EDGES = 1000;
const MOST_FITTED = 1.25;

const scene = { cy: null, upright: false, routes: new Map(), places: new Map() };

const edgeWidth = (relative) => Math.max(1, WIDEST_EDGE * Math.sqrt(relative));

const arrowLength = (width) => 6 + 1.3 * width;

/** Between the screen's x and y and the layout's along and across; upright drawings flow down instead of right. */
const toScreen = ({ along, across }) => (scene.upright ? { x: across, y: along } : { x: along, y: across });
const toLayout = ({ x, y }) => (scene.upright ? { along: y, across: x } : { along: x, across: y });

const labelWidth = remembered((label) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `600 15px ${getComputedStyle(document.body).fontFamily}`;
  return Math.max(44, Math.ceil(pen.measureText(label).width) + 20);
}, 5000);

function extentOf(index) {
  const [x, y] = [labelWidth(species[index].name), NODE_HEIGHT];
  return toLayout({ x, y });
}

function startScene(container) {
  scene.cy = cytoscape({
    container,
    boxSelectionEnabled: false,
    selectionType: "single",
    minZoom: 0.05,
    maxZoom: 4,
    style: [],
  });
  scene.cy.on("position", "node", ({ target }) => {
    scene.places.set(Number(target.data("index")), toLayout(target.position()));
    if (target.grabbed()) scene.cy.batch(() => bend(target.connectedEdges()));
  });
  paint();
}

/** Colours and shapes, read from the page's style sheet so that light and dark agree with it. */
function paint() {
  const read = getComputedStyle(document.documentElement);
  const colour = (name) => read.getPropertyValue(`--${name}`).trim();
  scene.colour = colour;
  const edgeKind = (name) => ({
    selector: `edge.${name}`,
    style: { "line-color": colour(name), "target-arrow-color": colour(name), opacity: 1, "z-index": 5 },
  });
  scene.cy.style([
    {
      selector: "node",
      style: {
        shape: "round-rectangle",
        width: "data(width)",
        height: NODE_HEIGHT,
        label: "data(label)",
        "font-family": getComputedStyle(document.body).fontFamily,
        "font-size": 15,
        "font-weight": 600,
        "text-valign": "center",
        color: colour("ink"),
        "background-color": colour("between"),
        "border-width": 1.5,
        "border-color": colour("between-edge"),
        "overlay-opacity": 0,
      },
    },
    {
      selector: "node.source",
      style: { "background-color": colour("source"), "border-color": colour("source"), color: "#111" },
    },
    {
      selector: "node.sink",
      style: { "background-color": colour("sink"), "border-color": colour("sink"), color: "#111" },
    },
    {
      selector: "edge",
      style: {
        width: "data(width)",
        "line-color": colour("flux"),
        "target-arrow-color": colour("flux"),
        "target-arrow-shape": "triangle",
        "arrow-scale": (edge) =>
          arrowLength(edge.data("width")) / (0.3 * Math.max((13.37 * edge.data("width")) ** 0.9, 29)),
        "curve-style": "unbundled-bezier",
        "edge-distances": "endpoints",
        "control-point-distances": (edge) => edge.data("curve").distances,
        "control-point-weights": (edge) => edge.data("curve").weights,
        "source-endpoint": (edge) => edge.data("curve").start,
        "target-endpoint": (edge) => edge.data("curve").end,
        opacity: 0.8,
        "overlay-opacity": 0,
      },
    },
    edgeKind("into"),
    edgeKind("out"),
    edgeKind("chosen"),
    edgeKind("path"),
    { selector: "node.path", style: { "border-color": colour("path"), "border-width": 3.5 } },
    { selector: "edge.faded", style: { opacity: 0.14, "z-index": 0 } },
    { selector: "node.faded", style: { opacity: 0.45 } },
    { selector: "node.chosen", style: { "border-color": colour("ink"), "border-width": 3.5, opacity: 1 } },
    {
      selector: "node.cursor",
      style: { "outline-color": colour("focus"), "outline-width": 3, "outline-offset": 3, opacity: 1 },
    },
  ]);
}

/** Show exactly these fluxes; nodes that come now get a free place beside their strongest neighbour. */
function show(fluxes, strongest, extraNodes) {
  const { cy } = scene;
  const roles = rolesOf(state.element);
  const wanted = new Set(extraNodes);
  for (const { source, target } of fluxes) wanted.add(source).add(target);
  const edgeIds = new Set(fluxes.map(({ id }) => id));
  cy.batch(() => {
    cy.edges()
      .filter((edge) => !edgeIds.has(edge.id()))
      .remove();
    cy.nodes()
      .filter((node) => !wanted.has(node.data("index")))
      .remove();
    const fresh = [...wanted].filter((index) => cy.getElementById(`s${index}`).empty());
    if (cy.nodes().empty() && fresh.some((index) => !scene.places.has(index))) layOut(fluxes, wanted);
    else placeFresh(fresh, fluxes);
    cy.add(
      fresh.map((index) => ({
        group: "nodes",
        data: { id: `s${index}`, index, label: species[index].name, width: labelWidth(species[index].name) },
        position: toScreen(scene.places.get(index)),
        classes: roles[index],
      })),
    );
    const added = [];
    for (const { id, source, target, flux, pair } of fluxes) {
      const width = edgeWidth(flux / strongest);
      const edge = cy.getElementById(id);
      if (edge.nonempty()) edge.data({ width, flux });
      else
        added.push({
          group: "edges",
          data: { id, source: `s${source}`, target: `s${target}`, flux, width, pair: pair.index, curve: NO_CURVE },
        });
    }
    cy.add(added);
    bend(cy.edges());
  });
}

const NO_CURVE = { distances: [0], weights: [0.5], start: "0 0", end: "0 0" };

/** Layers by dagre: the leading fluxes say which way is on, all of them where the nodes stand and the edges run. */
function layOut(fluxes, indices) {
  scene.cy.resize();
  const [width, height] = [scene.cy.width(), scene.cy.height()];
  scene.upright = height > 1.15 * width;
  const order = layered(leading(fluxes), indices);
  const along = (index) => toLayout(order.node(index)).along;
  const turned = (flux) => along(flux.source) > along(flux.target);
  const onward = fluxes.map((flux) => (turned(flux) ? { ...flux, source: flux.target, target: flux.source } : flux));
  const graph = layered(onward, indices);
  scene.places = new Map([...indices].map((index) => [index, toLayout(graph.node(index))]));
  scene.routes = new Map();
  for (const [index, { id, source, target }] of fluxes.entries()) {
    const bends = graph.edge(onward[index].source, onward[index].target, id).points.slice(1, -1).map(toLayout);
    if (turned(fluxes[index])) bends.reverse();
    scene.routes.set(id, { bends, from: scene.places.get(source), to: scene.places.get(target) });
  }
  stretch([...scene.places.values(), ...[...scene.routes.values()].flatMap(({ bends }) => bends)], width, height);
}

function layered(fluxes, indices) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  const gaps = { ranksep: LAYER_GAP, nodesep: NODE_GAP, edgesep: EDGE_GAP };
  graph.setGraph({ rankdir: scene.upright ? "TB" : "LR", acyclicer: "greedy", ...gaps });
  for (const index of indices) graph.setNode(index, { width: labelWidth(species[index].name), height: NODE_HEIGHT });
  for (const { id, source, target, flux } of fluxes)
    graph.setEdge(source, target, { weight: Math.max(1, Math.round(100 * (flux / fluxes[0].flux))) }, id);
  dagre.layout(graph);
  return graph;
}

/** The largest fluxes out of and into each species: a side branch shall not push the main chain apart. */
function leading(fluxes) {
  const led = new Set();
  return fluxes.filter(({ source, target }) => {
    const before = led.size;
    led.add(`out of ${source}`).add(`into ${target}`);
    return led.size > before;
  });
}

/** Wider across, where the drawing is flatter than the room for it. */
function stretch(points, width, height) {
  const aspect = 0.85 * (scene.upright ? width / height : height / width);
  const extent = (axis) =>
    Math.max(...points.map((each) => each[axis])) - Math.min(...points.map((each) => each[axis])) || 1;
  const factor = Math.min(2.5, Math.max(1, (aspect * extent("along")) / extent("across")));
  for (const point of points) point.across *= factor;
}

/** All in view, but small drawings no larger than is good to read. */
function fit(elements = scene.cy.elements(), margin = 30) {
  const { cy } = scene;
  cy.resize();
  cy.fit(elements, margin);
  if (cy.zoom() > MOST_FITTED) {
    cy.zoom(MOST_FITTED);
    cy.center(elements);
  }
}

function placeFresh(fresh, fluxes) {
  const { cy } = scene;
  const boxes = cy.nodes().map((node) => ({ at: toLayout(node.position()), extent: extentOf(node.data("index")) }));
  const placed = new Set(cy.nodes().map((node) => node.data("index")));
  const settle = (index, wish) => {
    const extent = extentOf(index);
    const at = freePlace(extent, wish, boxes);
    scene.places.set(index, at);
    boxes.push({ at, extent });
    placed.add(index);
  };
  const waiting = new Set(fresh);
  for (const index of fresh) {
    const known = scene.places.get(index);
    if (!known) continue;
    settle(index, known);
    waiting.delete(index);
  }
  let moved = true;
  while (waiting.size && moved) {
    moved = false;
    for (const { source, target } of fluxes) {
      const [newcomer, host, way] = waiting.has(target) ? [target, source, 1] : [source, target, -1];
      if (!waiting.has(newcomer) || !placed.has(host)) continue;
      const { along, across } = scene.places.get(host);
      settle(newcomer, {
        along: along + way * ((extentOf(host).along + extentOf(newcomer).along) / 2 + LAYER_GAP),
        across,
      });
      waiting.delete(newcomer);
      moved = true;
    }
  }
  for (const index of waiting) settle(index, { along: 0, across: 0 });
}

/** The free place nearest to `wish`; `boxes` are what is taken, as points with their extents. */
function freePlace(size, wish, boxes) {
  const free = (place) =>
    boxes.every(
      ({ at, extent }) =>
        Math.abs(at.along - place.along) >= (extent.along + size.along) / 2 + NODE_GAP ||
        Math.abs(at.across - place.across) >= (extent.across + size.across) / 2 + NODE_GAP / 2,
    );
  const stepAcross = (size.across + NODE_GAP) / 2;
  const stepAlong = LAYER_GAP / 2;
  for (let radius = 0; ; radius += 1) {
    for (let shift = 0; shift <= radius; shift += 1) {
      for (const [sideAlong, sideAcross] of [
        [1, 1],
        [1, -1],
        [-1, 1],
        [-1, -1],
      ]) {
        const place = {
          along: wish.along + sideAlong * shift * stepAlong,
          across: wish.across + sideAcross * (radius - shift) * stepAcross,
        };
        if (free(place)) return place;
      }
    }
  }
}

/** Draw edges from side to side of their nodes, spread along the sides, through the bends that the layout gave. */
function bend(edges) {
  const ports = portsOf(scene.cy.edges());
  edges.forEach((edge) => edge.data("curve", curveFor(edge, ports)));
}

const sideOf = (from, to, apart) => {
  const gap = to.along - from.along;
  return Math.abs(gap) > apart
    ? { axis: "along", sign: Math.sign(gap) }
    : { axis: "across", sign: Math.sign(to.across - from.across) || 1 };
};

function portsOf(edges) {
  const sides = new Map();
  edges.forEach((edge) => {
    const ends = [edge.source(), edge.target()];
    const [from, to] = ends.map((node) => toLayout(node.position()));
    const apart = (extentOf(ends[0].data("index")).along + extentOf(ends[1].data("index")).along) / 2 + 10;
    [
      [ends[0], from, to, "start"],
      [ends[1], to, from, "end"],
    ].forEach(([node, here, there, end]) => {
      const { axis, sign } = sideOf(here, there, apart);
      const key = `${node.id()} ${axis} ${sign}`;
      const bends = liveBends(edge);
      const next = bends.length ? bends.at(end === "start" ? 0 : -1) : there;
      const other = axis === "along" ? "across" : "along";
      if (!sides.has(key)) sides.set(key, { node, axis, sign, list: [] });
      sides.get(key).list.push({ name: `${edge.id()} ${end}`, width: edge.data("width") + 2, toward: next[other] });
    });
  });
  const ports = new Map();
  for (const { node, axis, sign, list } of sides.values()) {
    const extent = extentOf(node.data("index"));
    const other = axis === "along" ? "across" : "along";
    const room = extent[other] - 12;
    const total = list.reduce((sum, { width }) => sum + width, 0);
    const squeeze = Math.min(1, room / total);
    list.sort((one, two) => one.toward - two.toward);
    let edge = (-total * squeeze) / 2;
    for (const { name, width } of list) {
      ports.set(name, { [axis]: (sign * extent[axis]) / 2, [other]: edge + (width * squeeze) / 2, axis, sign });
      edge += width * squeeze;
    }
  }
  return ports;
}

/** The layout's bends of an edge, as long as both of its nodes stand where they were laid out. */
function liveBends(edge) {
  const route = scene.routes.get(edge.id());
  if (!route) return [];
  const stays = (node, place) => {
    const now = toLayout(node.position());
    return Math.abs(now.along - place.along) < 1 && Math.abs(now.across - place.across) < 1;
  };
  return stays(edge.source(), route.from) && stays(edge.target(), route.to) ? route.bends : [];
}

const MOST_REACH = 46;

/** Start, control points and end of an edge; the curve is a chain of quadratic arcs between the controls' middles. */
function pointsOf(edge, ports) {
  const [start, end] = [
    ["start", edge.source()],
    ["end", edge.target()],
  ].map(([name, node]) => {
    const port = ports.get(`${edge.id()} ${name}`);
    const { along, across } = toLayout(node.position());
    return { along: along + port.along, across: across + port.across, axis: port.axis, sign: port.sign };
  });
  const bends = liveBends(edge);
  const leave = (port, next) => {
    const reach = Math.min(MOST_REACH, 0.42 * Math.abs(next[port.axis] - port[port.axis]));
    return { ...port, [port.axis]: port[port.axis] + port.sign * reach };
  };
  const aside = start.sign * Math.min(60, 0.22 * Math.abs(end.across - start.across));
  const bow = (point) => (start.axis === "along" ? point : { ...point, along: point.along + aside });
  const controls = [leave(start, bends[0] ?? end), ...bends, leave(end, bends.at(-1) ?? start)].map(bow);
  return { start: toScreen(start), controls: controls.map(toScreen), end: toScreen(end) };
}

function curveFor(edge, ports) {
  const { start, controls, end } = pointsOf(edge, ports);
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  const length = Math.hypot(dx, dy) || 1;
  const [source, target] = [edge.source().position(), edge.target().position()];
  return {
    weights: controls.map(({ x, y }) => ((x - start.x) * dx + (y - start.y) * dy) / length ** 2),
    distances: controls.map(({ x, y }) => ((y - start.y) * dx - (x - start.x) * dy) / length),
    start: `${start.x - source.x} ${start.y - source.y}`,
    end: `${end.x - target.x} ${end.y - target.y}`,
  };
}
