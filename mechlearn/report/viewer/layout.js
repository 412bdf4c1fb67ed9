/* Places for nodes: layers from the fuel on, and free places for nodes that come later.

   Points are { along, across }: along is the direction in which atoms flow. A node is { id, along, across } with its
   extent in both directions; an edge is { id, source, target, weight }. */

const LAYER_GAP = 44;
const NODE_GAP = 16;
const ROUTE_WIDTH = 10;

/** Layers in the manner of Sugiyama: break cycles, rank, route long edges, order, place, and fill `aspect`. */
function layered(nodes, edges, start, aspect) {
  const rank = ranks(nodes, edges, breakCycles(nodes, edges, start), start);
  const { layers, chains, links } = routed(nodes, edges, rank);
  order(layers, links);
  placeAcross(layers, links);
  placeAlong(layers);
  const places = new Map();
  for (const item of layers.flat()) if (item.node) places.set(item.id, { along: item.at, across: item.position });
  const boxes = nodes.map(({ id, along, across }) => ({ id, at: places.get(id), extent: { along, across } }));
  const routes = new Map();
  for (const { id, source, target } of edges) {
    const bends = chains.get(id).map((item) => ({ along: item.at, across: item.position, half: item.half }));
    const others = boxes.filter((box) => box.id !== source && box.id !== target);
    routes.set(id, straightened([places.get(source), ...bends, places.get(target)], others).slice(1, -1));
  }
  stretch([...places.values(), ...[...routes.values()].flat()], aspect);
  return { places, routes };
}

/** The stops without those that a straight line can pass by, clear of the boxes. */
function straightened(stops, boxes) {
  const kept = [stops[0]];
  for (let here = 0; here < stops.length - 1;) {
    let next = stops.length - 1;
    while (next > here + 1 && boxes.some((box) => crosses(stops[here], stops[next], box))) next -= 1;
    kept.push(stops[next]);
    here = next;
  }
  return kept;
}

/** Whether the line from one point to another comes within a few units of the box. */
function crosses(one, two, { at, extent }) {
  let [enter, leave] = [0, 1];
  for (const axis of ["along", "across"]) {
    const half = extent[axis] / 2 + ROUTE_WIDTH;
    const way = two[axis] - one[axis];
    const [low, high] = [at[axis] - half - one[axis], at[axis] + half - one[axis]];
    if (Math.abs(way) < 1e-9) {
      if (low > 0 || high < 0) return false;
      continue;
    }
    enter = Math.max(enter, Math.min(low / way, high / way));
    leave = Math.min(leave, Math.max(low / way, high / way));
  }
  return enter < leave;
}

/** An order of the nodes against which little flux runs (Eades, Lin and Smyth's greedy rule, weighted). */
function breakCycles(nodes, edges, start) {
  const balance = new Map(nodes.map(({ id }) => [id, 0]));
  const incoming = new Map(nodes.map(({ id }) => [id, 0]));
  const outgoing = new Map(nodes.map(({ id }) => [id, 0]));
  const touching = new Map(nodes.map(({ id }) => [id, []]));
  for (const edge of edges) {
    balance.set(edge.source, balance.get(edge.source) + edge.weight);
    balance.set(edge.target, balance.get(edge.target) - edge.weight);
    outgoing.set(edge.source, outgoing.get(edge.source) + 1);
    incoming.set(edge.target, incoming.get(edge.target) + 1);
    touching.get(edge.source).push(edge);
    touching.get(edge.target).push(edge);
  }
  const left = new Set(balance.keys());
  const front = [];
  const back = [];
  const take = (id, end) => {
    left.delete(id);
    end.push(id);
    for (const { source, target, weight } of touching.get(id)) {
      if (source === id) {
        balance.set(target, balance.get(target) + weight);
        incoming.set(target, incoming.get(target) - 1);
      } else {
        balance.set(source, balance.get(source) - weight);
        outgoing.set(source, outgoing.get(source) - 1);
      }
    }
  };
  if (left.has(start)) take(start, front);
  while (left.size) {
    const ids = [...left];
    const sink = ids.find((id) => outgoing.get(id) === 0);
    const source = ids.find((id) => incoming.get(id) === 0);
    if (sink !== undefined) take(sink, back);
    else if (source !== undefined) take(source, front);
    else
      take(
        ids.reduce((best, id) => (balance.get(id) > balance.get(best) ? id : best)),
        front,
      );
  }
  return [...front, ...back.reverse()];
}

/** The largest edge into and out of each node; a side branch shall not push the main chain apart. */
function leading(edges) {
  const most = new Map();
  for (const { source, target, weight } of edges) {
    for (const end of [`${source} out`, `${target} in`]) most.set(end, Math.max(weight, most.get(end) ?? 0));
  }
  return edges.filter(
    ({ source, target, weight }) => weight >= Math.min(most.get(`${source} out`), most.get(`${target} in`)),
  );
}

/** Longest path from the left, then each node as near to its neighbours as its edges let it. */
function ranks(nodes, edges, sequence, start) {
  const turn = new Map(sequence.map((id, index) => [id, index]));
  const before = new Map(sequence.map((id) => [id, []]));
  const after = new Map(sequence.map((id) => [id, []]));
  for (const { source, target, weight } of leading(edges)) {
    const [first, second] = turn.get(source) < turn.get(target) ? [source, target] : [target, source];
    before.get(second).push({ id: first, weight });
    after.get(first).push({ id: second, weight });
  }
  const rank = new Map();
  for (const id of sequence) rank.set(id, Math.max(0, ...before.get(id).map((each) => rank.get(each.id) + 1)));
  for (let sweep = 0; sweep < 8; sweep += 1) {
    for (const id of sweep % 2 ? sequence : [...sequence].reverse()) {
      if (id === start) continue;
      const pull = (side) => side.reduce((sum, each) => sum + Math.sqrt(each.weight), 0);
      const low = Math.max(-Infinity, ...before.get(id).map((each) => rank.get(each.id) + 1));
      const high = Math.min(Infinity, ...after.get(id).map((each) => rank.get(each.id) - 1));
      const wanted = pull(after.get(id)) > pull(before.get(id)) ? high : low;
      if (Number.isFinite(wanted)) rank.set(id, wanted);
      else if (Number.isFinite(high)) rank.set(id, high);
    }
  }
  const lowest = Math.min(...rank.values());
  for (const [id, value] of rank) rank.set(id, value - lowest);
  return rank;
}

/** Layers of nodes and of the bends of edges that pass through them. */
function routed(nodes, edges, rank) {
  const layers = Array.from({ length: Math.max(...rank.values()) + 1 }, () => []);
  const items = new Map();
  for (const node of nodes) {
    const item = { ...node, node: true, layer: rank.get(node.id) };
    items.set(node.id, item);
    layers[item.layer].push(item);
  }
  const chains = new Map();
  const links = [];
  for (const { id, source, target, weight } of edges) {
    const forwards = rank.get(source) < rank.get(target);
    const [first, last] = forwards ? [source, target] : [target, source];
    const chain = [];
    let previous = items.get(first);
    for (let layer = rank.get(first) + 1; layer < rank.get(last); layer += 1) {
      const bend = { layer, along: 0, across: ROUTE_WIDTH };
      layers[layer].push(bend);
      chain.push(bend);
      links.push({ from: previous, to: bend, weight, straight: previous.node ? 2 : 16 });
      previous = bend;
    }
    links.push({ from: previous, to: items.get(last), weight, straight: previous.node ? 1 : 2 });
    chains.set(id, forwards ? chain : chain.reverse());
  }
  return { layers, chains, links };
}

function neighboursOf(links) {
  const sides = { from: new Map(), to: new Map() };
  for (const link of links) {
    const strength = Math.sqrt(link.weight);
    for (const [side, item, other] of [
      ["to", link.from, link.to],
      ["from", link.to, link.from],
    ]) {
      if (!sides[side].has(item)) sides[side].set(item, []);
      sides[side].get(item).push({ item: other, strength, straight: link.straight });
    }
  }
  return sides;
}

/** Sweeps by the neighbours' weighted mean; the sweep with the fewest crossings stays. */
function order(layers, links) {
  const sides = neighboursOf(links);
  const number = () => layers.forEach((layer) => layer.forEach((item, index) => (item.order = index)));
  number();
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers, sides);
  const sweeps = links.length > 600 ? 6 : 24;
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      for (const item of layer) {
        const others = (down ? sides.from : sides.to).get(item) ?? [];
        const total = others.reduce((sum, each) => sum + each.strength, 0);
        item.mean = total ? others.reduce((sum, each) => sum + each.strength * each.item.order, 0) / total : item.order;
      }
      layer.sort((one, other) => one.mean - other.mean || one.order - other.order);
      layer.forEach((item, index) => (item.order = index));
    }
    const count = crossings(layers, sides);
    if (count < fewest) {
      fewest = count;
      best = layers.map((layer) => [...layer]);
    }
  }
  best.forEach((layer, index) => layers[index].splice(0, layer.length, ...layer));
  number();
}

function crossings(layers, sides) {
  let count = 0;
  for (const layer of layers) {
    const ends = [];
    for (const item of layer) {
      const targets = (sides.to.get(item) ?? []).map((each) => each.item.order).sort((a, b) => a - b);
      for (const target of targets) {
        let place = ends.length;
        while (place > 0 && ends[place - 1] > target) place -= 1;
        count += ends.length - place;
        ends.splice(place, 0, target);
      }
    }
  }
  return count;
}

/** Each layer as near as can be to the weighted mean of its neighbours, without overlaps. */
function placeAcross(layers, links) {
  const sides = neighboursOf(links);
  for (const layer of layers) {
    let edge = 0;
    for (const item of layer) {
      item.position = edge + item.across / 2;
      edge += item.across + NODE_GAP;
    }
    for (const item of layer) item.position -= edge / 2;
  }
  for (let sweep = 0; sweep < 60; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const wishes = layer.map((item) => {
        const near = (down ? sides.from : sides.to).get(item) ?? [];
        const far = (down ? sides.to : sides.from).get(item) ?? [];
        const pulls = [...near.map((each) => [each, 1]), ...far.map((each) => [each, 0.6])].map(([each, part]) => ({
          at: each.item.position,
          weight: part * each.strength * each.straight,
        }));
        const weight = pulls.reduce((sum, pull) => sum + pull.weight, 0);
        if (!weight) return { at: item.position, weight: 1e-9 };
        return { at: pulls.reduce((sum, pull) => sum + pull.weight * pull.at, 0) / weight, weight };
      });
      separate(layer, wishes);
    }
  }
}

/** The positions nearest to the wishes, in least squares, with the items in order and apart: isotonic regression. */
function separate(layer, wishes) {
  const offsets = [];
  layer.forEach((item, index) => {
    const previous = layer[index - 1];
    offsets.push(index ? offsets[index - 1] + (previous.across + item.across) / 2 + NODE_GAP : 0);
  });
  const blocks = [];
  wishes.forEach(({ at, weight }, index) => {
    blocks.push({ mean: at - offsets[index], weight, size: 1 });
    while (blocks.length > 1 && blocks.at(-2).mean > blocks.at(-1).mean) {
      const last = blocks.pop();
      const joined = blocks.at(-1);
      joined.mean = (joined.mean * joined.weight + last.mean * last.weight) / (joined.weight + last.weight);
      joined.weight += last.weight;
      joined.size += last.size;
    }
  });
  let index = 0;
  for (const block of blocks) {
    for (let count = 0; count < block.size; count += 1, index += 1) {
      layer[index].position = block.mean + offsets[index];
    }
  }
}

function placeAlong(layers) {
  let edge = 0;
  for (const layer of layers) {
    const extent = Math.max(...layer.map((item) => item.along));
    for (const item of layer) Object.assign(item, { at: edge + extent / 2, half: extent / 2 });
    edge += extent + LAYER_GAP;
  }
}

/** Wider across, where the drawing is flatter than the room for it; `aspect` is across by along. */
function stretch(points, aspect) {
  const extent = (axis) =>
    Math.max(...points.map((each) => each[axis])) - Math.min(...points.map((each) => each[axis])) || 1;
  const factor = Math.min(2.5, Math.max(1, (aspect * extent("along")) / extent("across")));
  for (const point of points) point.across *= factor;
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
