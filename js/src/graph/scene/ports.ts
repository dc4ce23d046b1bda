/** The points on the border of an open group through which edges go in and out. */

import type { EdgeLists } from "../model/borders.js";
import type { GraphModel } from "../model/graph-model.js";
import { RUN } from "../model/tree.js";
import type { Expansion } from "./expansion.js";

/** What a box offers to the edges of the group around it. */
export interface Ports {
  /** Tensor rows that enter and leave, in drawing order; `SHAPES` for all shape data together. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export type Side = "in" | "out";

export const SHAPES = -1;
/** More tensors than this share the last port: a border with a thousand ports explains nothing. */
const MAX_PORTS = 24;

/** Which of a list of ports a tensor goes through; a tensor beyond the last port shares it. */
export function portAmong(model: GraphModel, ports: readonly number[], tensor: number): number {
  const found = ports.indexOf(portKey(model, tensor));
  return found < 0 ? ports.length - 1 : found;
}

function portKey(model: GraphModel, tensor: number): number {
  return model.isShapeData(tensor) ? SHAPES : tensor;
}

export class PortFinder {
  readonly #model: GraphModel;
  readonly #expansion: Expansion;
  readonly #known = new Map<number, Ports>();

  constructor(model: GraphModel, expansion: Expansion) {
    this.#model = model;
    this.#expansion = expansion;
  }

  /** The ports of a group, or of the instance that stands in for a run. */
  of(shown: number): Ports {
    let ports = this.#known.get(shown);
    if (!ports) {
      const { incoming, outgoing } = this.#model.borders;
      ports = { inputs: this.#tensors(incoming, shown), outputs: this.#tensors(outgoing, shown) };
      this.#known.set(shown, ports);
    }
    return ports;
  }

  #tensors(lists: EdgeLists, item: number): number[] {
    const keys: number[] = [];
    const seen = new Set<number>();
    for (let i = lists.start[item]!; i < lists.start[item + 1]! && keys.length < MAX_PORTS; i += 1) {
      const key = portKey(this.#model, this.#model.edges.tensor[lists.edge[i]!]!);
      if (seen.has(key)) continue;
      seen.add(key);
      keys.push(key);
    }
    return keys;
  }

  /** The border point of an open box where an op-level edge goes through, -1 for the middle of its side. */
  find(box: number, edge: number, side: Side): number {
    const { tensor } = this.#model.edges;
    const shown = this.#expansion.shown(box);
    const all = this.of(shown);
    const ports = side === "in" ? all.inputs : all.outputs;
    const own = ports.indexOf(portKey(this.#model, tensor[edge]!));
    if (own >= 0) return own;
    const twin = shown === box ? -1 : this.#twin(box, shown, edge, side);
    const found = twin < 0 ? -1 : ports.indexOf(portKey(this.#model, tensor[twin]!));
    return found < 0 && ports.length === 1 ? 0 : found;
  }

  /**
   * The edge of the shown instance of a run that plays the part of `edge`, an edge of another instance; -1 if none.
   * Instances of one structure have their leaves and their reads in the same order.
   */
  #twin(run: number, shown: number, edge: number, side: Side): number {
    const { tree, edges } = this.#model;
    if (tree.kind[run] !== RUN) return -1;
    const leaf = side === "in" ? edges.to[edge]! : edges.from[edge]!;
    const holder = holding(tree.children[run]!, tree.hi, leaf);
    const twin = leaf - tree.lo[holder]! + tree.lo[shown]!;
    if (twin >= tree.hi[shown]!) return -1;
    if (side === "in")
      return Math.min(edge - edges.inStart[leaf]! + edges.inStart[twin]!, edges.inStart[twin + 1]! - 1);
    return this.#twinOut(edge, twin);
  }

  #twinOut(edge: number, leaf: number): number {
    const { edges, graph } = this.#model;
    const slot = graph.makeSlot[edges.tensor[edge]!];
    for (let i = edges.outStart[leaf]!; i < edges.outStart[leaf + 1]!; i += 1) {
      const candidate = edges.outEdge[i]!;
      if (graph.makeSlot[edges.tensor[candidate]!] === slot) return candidate;
    }
    return -1;
  }
}

/** The member that holds a leaf of their parent: members lie one after the other. */
export function holding(members: readonly number[], hi: ArrayLike<number>, leaf: number): number {
  let [low, high] = [0, members.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hi[members[middle]!]! <= leaf) low = middle + 1;
    else high = middle;
  }
  return members[low]!;
}
