/* What people set: element, threshold, frame, search, paths, theme. */

const byId = (id) => document.getElementById(id);

const LOWEST = -5;
const thresholdOf = (notch) => 10 ** Number(notch);

/** The largest threshold on the slider's grid that shows at most `most` fluxes of the whole run. */
function startThreshold(most) {
  const fluxes = fluxesAt(state.element, state.frame);
  if (fluxes.length <= most) return LOWEST;
  const relative = Math.log10(fluxes[most].flux / fluxes[0].flux);
  return Math.min(0, Math.max(LOWEST, Math.floor(relative * 50 + 1) / 50));
}

function startControls() {
  const choices = byId("elements");
  for (const element of elements) {
    const input = make("input", {
      type: "radio",
      name: "element",
      value: element,
      onchange: () => setElement(element),
    });
    choices.append(make("label", {}, input, make("span", {}, element)));
  }
  byId("threshold").min = LOWEST;
  byId("threshold").addEventListener("input", ({ target }) => {
    state.notch = Number(target.value);
    update();
  });
  byId("frame").max = WHOLE_RUN;
  byId("frame").addEventListener("input", ({ target }) => setFrame(Number(target.value)));
  byId("frame-group").hidden = WHOLE_RUN === 0;
  byId("whole-run").addEventListener("click", () => setFrame(isWholeRun(state.frame) ? state.lastMoment : WHOLE_RUN));
  byId("relayout").addEventListener("click", layOutAgain);
  byId("fit").addEventListener("click", () => fit());
  byId("zoom-in").addEventListener("click", () => zoomBy(1.25));
  byId("zoom-out").addEventListener("click", () => zoomBy(0.8));
  byId("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  byId("help-open").addEventListener("click", () => byId("help").showModal());
  byId("export-png").addEventListener("click", exportPng);
  byId("export-svg").addEventListener("click", exportSvg);
  combobox(byId("search"), (index) => choose({ kind: "species", index }, { reveal: true, toGraph: true }));
  for (const end of ["from", "to"]) combobox(byId(`path-${end}`), (index) => setPathEnd(end, index));
  byId("path-clear").addEventListener("click", clearPaths);
  darkWished.addEventListener("change", () => setTheme());
  setTheme();
}

function zoomBy(factor) {
  const { cy } = scene;
  cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
}

const darkWished = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => document.documentElement.dataset.theme === "dark";

/** Without a theme, what the system prefers, as long as nobody has chosen another here. */
function setTheme(theme) {
  state.theme = theme ?? state.theme;
  document.documentElement.dataset.theme = state.theme ?? (darkWished.matches ? "dark" : "light");
  byId("theme").setAttribute("aria-pressed", isDark());
  byId("theme").textContent = isDark() ? "Light" : "Dark";
  if (scene.cy) paint();
}

function setElement(element) {
  state.element = element;
  state.pinned = new Set();
  if (state.selection?.kind === "edge") state.selection = null;
  if (state.paths) findPaths();
  scene.places = new Map();
  scene.cy.elements().remove();
  state.notch = startThreshold(state.startEdges);
  update();
  fit();
}

function setFrame(frame) {
  state.frame = frame;
  if (!isWholeRun(frame)) state.lastMoment = frame;
  if (state.paths) findPaths();
  update();
}

/** Names that hold the text, those that begin with it first. */
function matches(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const rank = (name) => (name === wanted ? 0 : name.startsWith(wanted) ? 1 : 2);
  return species
    .map(({ name }, index) => ({ index, name: name.toLowerCase() }))
    .filter(({ name }) => name.includes(wanted))
    .sort((one, other) => rank(one.name) - rank(other.name) || one.name.length - other.name.length)
    .slice(0, 12)
    .map(({ index }) => index);
}

/** An input with a list of species to choose from, as the ARIA authoring practices describe it. */
function combobox(input, onChoose) {
  const list = make("ul", { role: "listbox", id: `${input.id}-list`, "aria-label": "Species", hidden: true });
  input.setAttribute("aria-controls", list.id);
  input.after(list);
  let found = [];
  let active = 0;
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = () => {
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", index === active));
    list.children[active]?.scrollIntoView({ block: "nearest" });
    if (found.length) input.setAttribute("aria-activedescendant", `${list.id}-${active}`);
  };
  const pick = (index) => {
    input.value = species[index].name;
    close();
    onChoose(index);
  };
  const open = () => {
    found = matches(input.value);
    active = 0;
    const option = (index, at) =>
      make(
        "li",
        {
          role: "option",
          id: `${list.id}-${at}`,
          onpointerdown: (event) => {
            event.preventDefault();
            pick(index);
          },
        },
        species[index].name,
      );
    const nothing = make("li", { class: "empty" }, "No species has this in its name");
    list.replaceChildren(...(found.length || !input.value.trim() ? found.map(option) : [nothing]));
    list.hidden = !list.children.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark();
  };
  input.addEventListener("input", open);
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !list.hidden && found.length) {
      active = (active + step + found.length) % found.length;
      mark();
    } else if (step) open();
    else if (event.key === "Enter" && (found = matches(input.value)).length)
      pick(found[Math.min(active, found.length - 1)]);
    else if (event.key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function setPathEnd(end, index) {
  state.ends[end] = index;
  byId(`path-${end}`).value = species[index].name;
  const { from, to } = state.ends;
  if (from === undefined || to === undefined || from === to) {
    byId(`path-${end === "from" ? "to" : "from"}`).focus();
    return;
  }
  state.paths = { from, to, found: [] };
  findPaths();
  state.selection = { kind: "paths" };
  update();
  const ends = scene.cy.nodes(".path");
  if (ends.nonempty()) fit(ends, 60);
}

function findPaths() {
  const { from, to } = state.paths;
  state.paths.found = strongestPaths(state.element, state.frame, from, to);
}

function clearPaths() {
  state.paths = null;
  state.ends = {};
  for (const end of ["from", "to"]) byId(`path-${end}`).value = "";
  if (state.selection?.kind === "paths") state.selection = null;
  update();
}
