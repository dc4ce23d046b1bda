/** Random graphs, the same for the same seed. */

import type { Layout, LayoutInput } from "../../../../js/src/graph/layout/types";
import { blankFrame, type Frame } from "../../../../js/src/graph/scene/frame";

/** Whole numbers below a limit. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
}

export interface GraphKind {
  readonly nodes: number;
  /** How far back a node reads, and how often. */
  readonly reach: number;
  readonly reads: number;
  readonly inPorts?: number;
  readonly outPorts?: number;
  /** Edges that close a cycle. */
  readonly back?: number;
}

type Edge = readonly [from: number, to: number];

/** Some boxes are wide and tall, as open groups are, and have points to attach to; some nodes stand alone. */
export function randomInput(kind: GraphKind, seed: number): LayoutInput {
  const random = randomNumbers(seed);
  const { nodes: n, inPorts = 0, outPorts = 0 } = kind;
  const total = n + inPorts + outPorts;
  const open = Array.from({ length: total }, (_, i) => i < n && random(6) === 0);
  const width = Float64Array.from(open, (wide, i) => (i >= n ? 0 : wide ? 240 + random(500) : 116 + random(70)));
  const height = Float64Array.from(open, (tall, i) => (i >= n ? 0 : tall ? 120 + random(800) : 42));
  const edges = randomEdges(kind, random);
  const dx = (node: number): number => (open[node] ? (random(5) - 2) * (width[node]! / 6) : 0);
  return {
    n,
    inPorts,
    outPorts,
    width,
    height,
    edges: edges.length,
    from: Int32Array.from(edges, ([from]) => from),
    to: Int32Array.from(edges, ([, to]) => to),
    fromDx: Float64Array.from(edges, ([from]) => dx(from)),
    toDx: Float64Array.from(edges, ([, to]) => dx(to)),
  };
}

function randomEdges(kind: GraphKind, random: (limit: number) => number): Edge[] {
  const { nodes: n, reach, reads, inPorts = 0, outPorts = 0, back = 0 } = kind;
  const edges: Edge[] = [];
  for (let node = 1; node < n; node += 1) {
    for (let k = random(reads + 1); k > 0; k -= 1) edges.push([node - 1 - random(Math.min(node, reach)), node]);
  }
  for (let port = 0; port < inPorts; port += 1) {
    for (let k = random(3); k >= 0; k -= 1) edges.push([n + port, random(n)]);
  }
  for (let port = 0; port < outPorts; port += 1) edges.push([random(n), n + inPorts + port]);
  for (let k = 0; k < back; k += 1) {
    const to = random(n);
    edges.push([Math.min(n - 1, to + random(reach)), to]);
  }
  return edges;
}

/** As if the layout were that of an open group. */
export function asFrame(input: LayoutInput, layout: Layout): Frame {
  const sizes = new Float64Array(2 * input.n);
  for (let i = 0; i < input.n; i += 1) sizes.set([input.width[i]!, input.height[i]!], 2 * i);
  const { edges: count, from, to } = input;
  return {
    ...blankFrame(0),
    boxes: Array.from({ length: input.n }, (_, i) => i),
    edges: { count, from, to, fromPort: from, toPort: to, tensor: from, sample: from },
    layout,
    sizes,
  };
}
