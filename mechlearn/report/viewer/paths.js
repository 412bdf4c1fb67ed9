/* The strongest paths for atoms from one species to another.

   At each species an atom leaves along an edge with the edge's share of what leaves; the strength of a path is the
   product of its shares. The k best without a repeated species come by Yen's rule (Management Science 17, 712, 1971). */

function strongestPaths(element, frame, from, to, most = 3) {
  const graph = sharesOut(element, frame);
  const first = bestPath(graph, from, to, new Set(), new Set());
  if (!first) return [];
  const found = [first];
  const candidates = new Map();
  while (found.length < most) {
    const last = found.at(-1);
    last.nodes.slice(0, -1).forEach((spur, index) => {
      const root = last.nodes.slice(0, index + 1);
      const banned = new Set(
        found.filter(({ nodes }) => root.every((node, at) => nodes[at] === node)).map(({ edges }) => edges[index]?.id),
      );
      const tail = bestPath(graph, spur, to, new Set(root.slice(0, -1)), banned);
      if (!tail) return;
      const edges = [...last.edges.slice(0, index), ...tail.edges];
      candidates.set(edges.map(({ id }) => id).join(" "), described(edges));
    });
    for (const { edges } of found) candidates.delete(edges.map(({ id }) => id).join(" "));
    if (!candidates.size) break;
    found.push([...candidates.values()].reduce((best, each) => (each.share > best.share ? each : best)));
  }
  return found;
}

function described(edges) {
  return {
    edges,
    nodes: [edges[0].source, ...edges.map(({ target }) => target)],
    share: edges.reduce((product, edge) => product * edge.share, 1),
  };
}

const sharesOut = remembered((element, frame) => {
  const out = new Map();
  for (const edge of fluxesAt(element, frame)) {
    if (!out.has(edge.source)) out.set(edge.source, []);
    out.get(edge.source).push(edge);
  }
  for (const [source, edges] of out) {
    const total = edges.reduce((sum, { flux }) => sum + flux, 0);
    out.set(
      source,
      edges.map((edge) => ({ ...edge, share: edge.flux / total })),
    );
  }
  return out;
}, 4);

/** Dijkstra's rule on the product of shares. */
function bestPath(graph, from, to, closed, banned) {
  const reached = new Map([[from, { share: 1, edge: null }]]);
  const open = new Set([from]);
  const done = new Set(closed);
  while (open.size) {
    const node = [...open].reduce((best, each) => (reached.get(each).share > reached.get(best).share ? each : best));
    if (node === to) break;
    open.delete(node);
    done.add(node);
    for (const edge of graph.get(node) ?? []) {
      if (done.has(edge.target) || banned.has(edge.id)) continue;
      const share = reached.get(node).share * edge.share;
      if (share > (reached.get(edge.target)?.share ?? 0)) {
        reached.set(edge.target, { share, edge });
        open.add(edge.target);
      }
    }
  }
  if (from === to || !reached.has(to)) return null;
  const edges = [];
  for (let node = to; node !== from; node = edges[0].source) edges.unshift(reached.get(node).edge);
  return described(edges);
}
