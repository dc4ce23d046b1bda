/** The same group laid out by dagre, the layout library that most viewers of neural networks use. */

import dagre from "@dagrejs/dagre";
import type { LayoutInput } from "../../../../js/src/graph/layout/types";
import { GAP } from "../../../../js/src/graph/layout/types";
import type { Polyline } from "./courses";

/** Courses of the edges; an edge that is left out by `skip` has none. */
export function dagreCourses(input: LayoutInput, skip: Uint8Array): Polyline[] {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: GAP.box, ranksep: GAP.rank, edgesep: GAP.edge });
  const total = input.n + input.inPorts + input.outPorts;
  for (let node = 0; node < total; node += 1) {
    graph.setNode(String(node), { width: input.width[node], height: input.height[node] });
  }
  for (let e = 0; e < input.edges; e += 1) {
    if (!skip[e]) graph.setEdge(String(input.from[e]), String(input.to[e]), {}, String(e));
  }
  dagre.layout(graph);
  return Array.from({ length: input.edges }, (_, e) => (skip[e] ? [] : course(graph, input, e)));
}

/** Dagre knows no border points: it aims at centres. What it draws is led on to where the edge really begins. */
function course(graph: InstanceType<typeof dagre.graphlib.Graph>, input: LayoutInput, e: number): Polyline {
  const [from, to] = [input.from[e]!, input.to[e]!];
  const [a, b] = [graph.node(String(from)), graph.node(String(to))] as { x: number; y: number }[];
  const { points } = graph.edge(String(from), String(to), String(e)) as { points: { x: number; y: number }[] };
  const down = a!.y <= b!.y ? 1 : -1;
  return [
    a!.x + input.fromDx[e]!,
    a!.y + (down * input.height[from]!) / 2,
    ...points.slice(1, -1).flatMap(({ x, y }) => [x, y]),
    b!.x + input.toDx[e]!,
    b!.y - (down * input.height[to]!) / 2,
  ];
}
