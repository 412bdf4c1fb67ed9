/* The content of the page, and what is worked out from it. Nothing here touches the screen. */

const content = JSON.parse(document.getElementById("content").textContent);
const { frames, species, reactions } = content;
const WHOLE_RUN = frames.length - 1;
const elements = content.elements.filter((element) => (content.fluxes[element] ?? []).length > 0);
const fuel = species.findIndex((each) => each.name === content.fuel);

/** Pairs of species between which atoms of the element pass; `net[frame]` counts from `a` to `b`. */
const pairsOf = remembered((element) =>
  (content.fluxes[element] ?? []).map(([a, b, net, parts], index) => ({ index, a, b, net, parts })),
);

/** Net fluxes in one frame, each in the direction in which it runs, the strongest first. */
const fluxesAt = remembered((element, frame) =>
  pairsOf(element)
    .filter(({ net }) => net[frame])
    .map((pair) => {
      const flux = pair.net[frame];
      const [source, target] = flux > 0 ? [pair.a, pair.b] : [pair.b, pair.a];
      return { id: `${element}:${source}>${target}`, pair, source, target, flux: Math.abs(flux) };
    })
    .sort((one, other) => other.flux - one.flux),
);

function remembered(compute, most = 60) {
  const known = new Map();
  return (...key) => {
    const name = key.join(" ");
    if (!known.has(name)) {
      if (known.size >= most) known.delete(known.keys().next().value);
      known.set(name, compute(...key));
    }
    return known.get(name);
  };
}

/** "source", "sink" or "between": what the whole run's fluxes of the element do to the species. */
const rolesOf = remembered((element) => {
  const into = new Map();
  const out = new Map();
  for (const { source, target, flux } of fluxesAt(element, WHOLE_RUN)) {
    out.set(source, (out.get(source) ?? 0) + flux);
    into.set(target, (into.get(target) ?? 0) + flux);
  }
  return species.map((_, index) => {
    const gain = (into.get(index) ?? 0) - (out.get(index) ?? 0);
    const passing = Math.max(into.get(index) ?? 0, out.get(index) ?? 0);
    if (Math.abs(gain) < 0.25 * passing || !passing) return "between";
    return gain < 0 ? "source" : "sink";
  });
});

function netRate(reaction, frame) {
  return reactions[reaction].forward[frame] - reactions[reaction].reverse[frame];
}

function netCoefficient(reaction, index) {
  const total = (side) => side.reduce((sum, [each, amount]) => sum + (each === index ? amount : 0), 0);
  return total(reactions[reaction].products) - total(reactions[reaction].reactants);
}

const reactionsOf = remembered((index) =>
  reactions.map((_, reaction) => reaction).filter((reaction) => netCoefficient(reaction, index) !== 0),
);

/** Reactions that form (sign 1) or consume (sign -1) a species in a frame, with their shares, the largest first. */
function turnover(index, frame, sign) {
  const all = reactionsOf(index)
    .map((reaction) => ({ reaction, rate: sign * netCoefficient(reaction, index) * netRate(reaction, frame) }))
    .filter(({ rate }) => rate > 0)
    .sort((one, other) => other.rate - one.rate);
  const total = all.reduce((sum, { rate }) => sum + rate, 0);
  return { total, items: all.map((each) => ({ ...each, share: each.rate / total })) };
}

const isWholeRun = (frame) => frame === WHOLE_RUN;
const rateUnit = (frame) => (isWholeRun(frame) ? "kmol/m³" : "kmol/m³/s");

const SUPERSCRIPT = {
  "-": "⁻",
  "+": "",
  0: "⁰",
  1: "¹",
  2: "²",
  3: "³",
  4: "⁴",
  5: "⁵",
  6: "⁶",
  7: "⁷",
  8: "⁸",
  9: "⁹",
};

/** Three digits, as people write them. */
function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 0.01 && size < 1e4) return String(Number(value.toPrecision(3))).replace("-", "−");
  const [digits, exponent] = value.toExponential(2).split("e");
  return `${digits.replace("-", "−")}×10${[...exponent].map((sign) => SUPERSCRIPT[sign]).join("")}`;
}

function percent(share) {
  const value = 100 * share;
  if (value >= 9.95) return `${value.toFixed(0)} %`;
  if (value >= 0.095 || value === 0) return `${value.toFixed(1)} %`;
  return value >= 0.001 ? `${Number(value.toPrecision(1))} %` : `${number(value)} %`;
}

function frameText(frame) {
  const { label, conversion, temperature } = frames[frame];
  const parts = [label];
  if (Number.isFinite(conversion)) parts.push(`conversion ${percent(Math.max(conversion, 0))}`);
  if (Number.isFinite(temperature)) parts.push(`${temperature.toFixed(0)} K`);
  return parts.join(" · ");
}
