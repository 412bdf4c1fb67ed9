/* The side panel: numbers of the chosen species, flux or reaction. Text never becomes markup here. */

const LIST_START = 10;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function showPanel() {
  const panel = document.getElementById("panel-body");
  const { selection } = state;
  const build =
    { species: speciesPanel, edge: edgePanel, reaction: reactionPanel, paths: pathsPanel }[selection?.kind] ??
    overviewPanel;
  const top = panel.parentElement.scrollTop;
  const inside = panel.contains(document.activeElement);
  panel.replaceChildren(...build(selection).filter(Boolean));
  panel.parentElement.scrollTop = state.panelOf === selection ? top : 0;
  state.panelOf = selection;
  document.body.classList.toggle("chosen", Boolean(selection));
  if (inside) byId("panel-title").focus({ preventScroll: true });
}

function heading(kind, title, ...actions) {
  const close =
    state.selection &&
    make(
      "button",
      { class: "icon", "aria-label": "Close, back to the overview", title: "Close (Esc)", onclick: () => choose(null) },
      "×",
    );
  return make(
    "header",
    {},
    make("p", { class: "kind" }, kind),
    make("h2", { tabindex: -1, id: "panel-title" }, title),
    close || null,
    ...actions,
  );
}

function facts(...rows) {
  const list = make("dl");
  for (const [name, value] of rows) list.append(make("dt", {}, name), make("dd", {}, value));
  return list;
}

function speciesLink(index, text = species[index].name) {
  return make("button", { class: "link", onclick: () => choose({ kind: "species", index }, { reveal: true }) }, text);
}

/** Rows with a bar for the share; what is beyond the first ten opens on demand. */
function shareList(title, note, items) {
  const list = make("ol", { class: "shares" });
  const row = ({ label, share, onclick, value, icon }) =>
    make(
      "li",
      {},
      make(
        "button",
        { onclick, style: `--share: ${Math.min(1, share)}` },
        make("span", { class: "name" }, icon ?? null, label),
        make("span", { class: "value", title: value ?? false }, percent(share)),
      ),
    );
  list.append(...items.slice(0, LIST_START).map(row));
  const rest = items.length - LIST_START;
  const more =
    rest > 0 &&
    make(
      "button",
      {
        class: "more",
        onclick: () => {
          list.append(...items.slice(LIST_START).map(row));
          more.remove();
          list.children[LIST_START].firstChild.focus();
        },
      },
      `Show ${rest} more`,
    );
  const empty = items.length ? null : make("p", { class: "empty" }, "none");
  return make("section", {}, make("h3", {}, title, make("small", {}, note)), empty, list, more || null);
}

/** A small curve over the run, with a mark at the frame shown. */
function curve(values, label) {
  const shown = values.slice(0, WHOLE_RUN);
  if (shown.length < 3) return null;
  const [low, high] = [Math.min(0, ...shown), Math.max(0, ...shown)];
  const x = (index) => 4 + (292 * index) / (shown.length - 1);
  const y = (value) => 52 - (46 * (value - low)) / (high - low || 1);
  const svg = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const chart = svg("svg", { viewBox: "0 0 300 56", role: "img", "aria-label": label });
  chart.append(svg("line", { x1: 4, x2: 296, y1: y(0), y2: y(0), class: "axis" }));
  chart.append(svg("polyline", { points: shown.map((value, index) => `${x(index)},${y(value)}`).join(" ") }));
  if (!isWholeRun(state.frame)) chart.append(svg("circle", { cx: x(state.frame), cy: y(shown[state.frame]), r: 4 }));
  return make("figure", {}, chart, make("figcaption", {}, label));
}

function formulaOf(composition) {
  const parts = [];
  for (const [element, amount] of Object.entries(composition)) {
    if (!amount) continue;
    parts.push(element);
    if (amount !== 1) parts.push(make("sub", {}, String(amount)));
  }
  return parts.length ? make("span", {}, ...parts) : "not known";
}

function fluxItem(flux, total, label) {
  return {
    label,
    share: flux.flux / total,
    value: `${number(flux.flux)} ${rateUnit(state.frame)}`,
    onclick: () => choose({ kind: "edge", flux }),
  };
}

function overviewPanel() {
  const fluxes = fluxesAt(state.element, state.frame);
  return [
    heading("Overview", `${state.element} atoms, ${frames[state.frame].label}`),
    facts(
      ["Mechanism", content.mechanism],
      ["Size", `${species.length} species, ${reactions.length} reactions`],
      ["Fuel", fuel >= 0 ? speciesLink(fuel) : "not given"],
      ["Largest flux", fluxes.length ? `${number(fluxes[0].flux)} ${rateUnit(state.frame)}` : "none"],
    ),
    make("p", { class: "hint" }, "Choose a species or an arrow for its numbers. Press ? for all keys."),
    shareList(
      "Strongest fluxes",
      " relative to the largest",
      fluxes.slice(0, 200).map((flux) => fluxItem(flux, fluxes[0].flux, arrowText(flux))),
    ),
  ];
}

const arrowText = ({ source, target }) => `${species[source].name} → ${species[target].name}`;

function speciesPanel({ index }) {
  const { name, composition, molar_mass: mass, concentration } = species[index];
  const fluxes = fluxesAt(state.element, state.frame);
  const into = fluxes.filter(({ target }) => target === index);
  const out = fluxes.filter(({ source }) => source === index);
  const sum = (list) => list.reduce((total, { flux }) => total + flux, 0);
  const [made, used] = [turnover(index, state.frame, 1), turnover(index, state.frame, -1)];
  const byReaction = ({ items }) =>
    items.map(({ reaction, share, rate }) => ({
      label: reactions[reaction].equation,
      share,
      value: `${number(rate)} ${rateUnit(state.frame)}`,
      onclick: () => choose({ kind: "reaction", index: reaction }),
    }));
  const swatch = (kind) => make("i", { class: `swatch ${kind}` });
  const unit = rateUnit(state.frame);
  return [
    heading(
      "Species",
      name,
      make(
        "div",
        { class: "actions" },
        make("button", { onclick: () => setPathEnd("from", index) }, "Path from here"),
        make("button", { onclick: () => setPathEnd("to", index) }, "Path to here"),
      ),
    ),
    facts(
      ["Composition", formulaOf(composition)],
      ["Molar mass", `${number(mass)} kg/kmol`],
      [
        "Concentration",
        isWholeRun(state.frame)
          ? `up to ${number(Math.max(...concentration))} kmol/m³`
          : `${number(concentration[state.frame])} kmol/m³`,
      ],
      ["Formed", `${number(made.total)} ${unit}`],
      ["Consumed", `${number(used.total)} ${unit}`],
    ),
    curve(concentration, "Concentration over the run, frame by frame"),
    shareList("Producers", " share of what forms it, net", byReaction(made)),
    shareList("Consumers", " share of what consumes it, net", byReaction(used)),
    shareList(
      `${state.element} comes from`,
      "",
      into.map((flux) => ({ ...fluxItem(flux, sum(into), species[flux.source].name), icon: swatch("into") })),
    ),
    shareList(
      `${state.element} goes to`,
      "",
      out.map((flux) => ({ ...fluxItem(flux, sum(out), species[flux.target].name), icon: swatch("out") })),
    ),
  ];
}

function edgePanel({ flux }) {
  const { pair } = flux;
  const now = pair.net[state.frame];
  const [source, target] = now < 0 ? [pair.b, pair.a] : [pair.a, pair.b];
  const strongest = fluxesAt(state.element, state.frame)[0]?.flux;
  return [
    heading(`Net flux of ${state.element} atoms`, `${species[source].name} → ${species[target].name}`),
    facts(
      ["From", speciesLink(source)],
      ["To", speciesLink(target)],
      ["Flux", `${number(Math.abs(now))} ${rateUnit(state.frame)}`],
      ["Of the largest", strongest ? percent(Math.abs(now) / strongest) : "–"],
    ),
    curve(
      pair.net.map((value) => Math.sign(now || 1) * value),
      "Net flux over the run, frame by frame",
    ),
    shareList(
      "Reactions",
      " share in the whole run",
      pair.parts.map(([reaction, share]) => ({
        label: reactions[reaction].equation,
        share,
        onclick: () => choose({ kind: "reaction", index: reaction }),
      })),
    ),
  ];
}

function reactionPanel({ index }) {
  const { equation, type, rate, reactants, products, forward, reverse } = reactions[index];
  const unit = rateUnit(state.frame);
  const side = (list) => {
    const parts = list.flatMap(([each, amount], at) => [
      at ? " + " : "",
      amount === 1 ? "" : `${number(amount)} `,
      speciesLink(each),
    ]);
    return make("span", {}, ...parts);
  };
  const carried = pairsOf(state.element)
    .map((pair) => ({ pair, share: pair.parts.find(([reaction]) => reaction === index)?.[1] }))
    .filter(({ share }) => share > 0)
    .sort((one, other) => other.share - one.share);
  return [
    heading(`Reaction ${index + 1}`, equation),
    facts(
      ["Type", type],
      ["Rate", rate || "not given"],
      ["Reactants", side(reactants)],
      ["Products", side(products)],
      ["Forward", `${number(forward[state.frame])} ${unit}`],
      ["Reverse", `${number(reverse[state.frame])} ${unit}`],
      ["Net", `${number(netRate(index, state.frame))} ${unit}`],
    ),
    curve(
      forward.map((_, frame) => netRate(index, frame)),
      "Net rate over the run, frame by frame",
    ),
    shareList(
      `Fluxes of ${state.element} it carries`,
      " its share in each, whole run",
      carried.map(({ pair, share }) => {
        const backwards = pair.net[WHOLE_RUN] < 0;
        const [source, target] = backwards ? [pair.b, pair.a] : [pair.a, pair.b];
        return {
          label: `${species[source].name} → ${species[target].name}`,
          share,
          onclick: () => choose({ kind: "edge", flux: { pair, source, target } }),
        };
      }),
    ),
  ];
}

function pathsPanel() {
  const { from, to, found } = state.paths;
  const list = make("ol", { class: "paths" });
  for (const { edges, nodes, share } of found) {
    const chain = nodes.flatMap((index, at) => (at ? [" → ", speciesLink(index)] : [speciesLink(index)]));
    const weakest = Math.min(...edges.map(({ flux }) => flux));
    const note = `${percent(share)} of the atoms · weakest step ${number(weakest)} ${rateUnit(state.frame)}`;
    list.append(make("li", {}, make("p", { class: "chain" }, ...chain), make("p", { class: "note" }, note)));
  }
  const none = `No path of net ${state.element} fluxes leads from ${species[from].name} to ${species[to].name} in this frame.`;
  return [
    heading("Strongest paths", `${species[from].name} → ${species[to].name}`),
    found.length ? null : make("p", { class: "hint" }, none),
    list,
    make(
      "p",
      { class: "hint" },
      `The percentage says how many of the ${state.element} atoms that leave ${species[from].name} take this path, if at each species all leave again, in proportion to its fluxes.`,
    ),
  ];
}
