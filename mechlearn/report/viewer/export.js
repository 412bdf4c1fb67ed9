/* The drawing as files: an SVG written from the positions, and a PNG painted from that SVG. */

const escapeXml = (text) =>
  String(text)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu, "")
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const round = (value) => Number(value.toFixed(1));

function drawingSvg() {
  const { cy, colour } = scene;
  const ports = portsOf(cy.edges());
  const edges = cy.edges().sort((one, other) => one.numericStyle("z-index") - other.numericStyle("z-index"));
  const drawn = [...edges.map((edge) => edgeSvg(edge, ports)), ...cy.nodes().map(nodeSvg)];
  const box = cy.elements().nonempty() ? cy.elements().boundingBox() : { x1: 0, y1: 0, x2: 300, y2: 100 };
  const margin = 24;
  const [x, y] = [Math.floor(box.x1 - margin), Math.floor(box.y1 - margin)];
  const font = escapeXml(getComputedStyle(document.body).fontFamily);
  const title = `${content.title}: net fluxes of ${state.element} atoms, ${frameText(state.frame)}`;
  const largest = `${number(fluxesAt(state.element, state.frame)[0]?.flux ?? 0)} ${rateUnit(state.frame)}`;
  const captions = [
    `${title}; fluxes from ${percent(thresholdOf(state.notch))} of the largest on`,
    `Width by the square root of the flux, largest ${largest}; orange is consumed and green formed in the run`,
  ];
  const longest = Math.max(box.x2 - box.x1, ...captions.map((line) => 6.8 * line.length));
  const width = Math.ceil(longest + 2 * margin);
  const height = Math.ceil(box.y2 - box.y1 + 2 * margin + 18 * captions.length);
  const captionSvg = (line, index) => {
    const base = y + height - 16 - 18 * (captions.length - 1 - index);
    return `<text x="${x + margin}" y="${base}" font-size="12" fill="${colour("ink")}">${escapeXml(line)}</text>`;
  };
  const markup = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${x} ${y} ${width} ${height}" width="${width}" height="${height}" font-family="${font}">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour("paper")}"/>`,
    ...drawn,
    ...captions.map(captionSvg),
    "</svg>",
  ].join("\n");
  return { markup, width, height };
}

function edgeSvg(edge, ports) {
  const { start, controls, end } = pointsOf(edge, ports);
  const width = edge.data("width");
  const paint = edge.style("line-color");
  const arrow = arrowLength(width);
  const last = controls.at(-1);
  const length = Math.hypot(end.x - last.x, end.y - last.y) || 1;
  const [ux, uy] = [(end.x - last.x) / length, (end.y - last.y) / length];
  const neck = { x: end.x - ux * arrow * 0.8, y: end.y - uy * arrow * 0.8 };
  const at = ({ x, y }) => `${round(x)} ${round(y)}`;
  const middle = (one, two) => ({ x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 });
  const arcs = controls.map(
    (control, index) =>
      `Q${at(control)} ${at(index + 1 < controls.length ? middle(control, controls[index + 1]) : neck)}`,
  );
  const wing = (side) => ({
    x: end.x - ux * arrow - side * uy * arrow * 0.5,
    y: end.y - uy * arrow + side * ux * arrow * 0.5,
  });
  return [
    `<g opacity="${edge.numericStyle("opacity")}"><title>${escapeXml(arrowText(fluxOf(edge)))}</title>`,
    `<path d="M${at(start)} ${arcs.join(" ")}" fill="none" stroke="${paint}" stroke-width="${round(width)}"/>`,
    `<path d="M${at(end)} L${at(wing(1))} L${at(wing(-1))} Z" fill="${paint}"/></g>`,
  ].join("");
}

function nodeSvg(node) {
  const { x, y } = node.position();
  const [width, height] = [node.width(), node.height()];
  return [
    `<g opacity="${node.numericStyle("opacity")}">`,
    `<rect x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${width}" height="${height}" rx="7" fill="${node.style("background-color")}" stroke="${node.style("border-color")}" stroke-width="${node.numericStyle("border-width")}"/>`,
    `<text x="${round(x)}" y="${round(y)}" dy="0.35em" text-anchor="middle" font-size="15" font-weight="600" fill="${node.style("color")}">${escapeXml(node.data("label"))}</text></g>`,
  ].join("");
}

function fileName(ending) {
  const name = `${content.mechanism}-${state.element}`.replace(/^.*\//, "").replace(/[^\w.-]+/g, "_");
  return `${name || "pathways"}.${ending}`;
}

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  announce(`${name} written`);
}

function exportSvg() {
  const head = '<?xml version="1.0" encoding="utf-8"?>\n';
  save(new Blob([head, drawingSvg().markup, "\n"], { type: "image/svg+xml" }), fileName("svg"));
}

async function exportPng() {
  const { markup, width, height } = drawingSvg();
  const scale = Math.min(2, 12000 / Math.max(width, height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(markup)}`;
  await image.decode();
  const canvas = make("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => save(blob, fileName("png")), "image/png");
}
