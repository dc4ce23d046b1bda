/** Everything that is open, laid out. Rebuilds only what a change touches; layouts come from the memo. */

import { LayoutMemo } from "../layout/memo.js";
import type { LayoutInput } from "../layout/types.js";
import type { GraphModel } from "../model/graph-model.js";
import { ROOT, RUN } from "../model/tree.js";
import type { Expansion } from "./expansion.js";
import { type Frame, makeFrame, portOffset } from "./frame.js";
import { type LocalGraph, localGraph, portKey } from "./local.js";
import { closedSize } from "./sizes.js";
import { findSkips } from "./skips.js";

/** An open group keeps room for its title and buttons. */
const MIN_FRAME_WIDTH = 236;

export class Scene {
  readonly #model: GraphModel;
  readonly #expansion: Expansion;
  readonly #memo = new LayoutMemo();
  readonly #frames = new Map<number, Frame>();
  readonly #slot: Int32Array;

  constructor(model: GraphModel, expansion: Expansion) {
    this.#model = model;
    this.#expansion = expansion;
    this.#slot = new Int32Array(model.tree.itemOf.length);
  }

  get layouts(): { computed: number; asked: number } {
    return this.#memo.counts;
  }

  /** The frame of the whole graph if nothing has changed since it was laid out. */
  current(): Frame | undefined {
    return this.#frames.get(ROOT);
  }

  /** The frame of the whole graph. */
  root(): Frame {
    return this.#frame(ROOT);
  }

  /** Forgets the frames that a change of `item` alters: its own and those around it. */
  touch(item: number): void {
    for (let at = item; at >= 0; at = this.#model.tree.parent[at]!) this.#frames.delete(at);
  }

  touchAll(): void {
    this.#frames.clear();
  }

  #frame(item: number): Frame {
    const known = this.#frames.get(item);
    if (known) return known;
    const frame = this.#build(item);
    this.#frames.set(item, frame);
    return frame;
  }

  #build(item: number): Frame {
    const boxes = this.#expansion.content(item);
    const kids = boxes.map((box) => (this.#expansion.isOpen(box) ? this.#frame(box) : null));
    const frames = new Map(kids.flatMap((kid) => (kid ? [[kid.item, kid] as const] : [])));
    const { lo, hi } = this.#model.tree;
    const shown = this.#expansion.shown(item);
    const portOf = (box: number, edge: number, side: "in" | "out"): number => {
      const frame = frames.get(box);
      return frame ? this.#port(frame, edge, side) : -1;
    };
    const graph = localGraph(this.#model, boxes, lo[shown]!, hi[shown]!, portOf, this.#slot, item !== ROOT);
    const input = this.#input(graph, kids);
    const layout = this.#memo.layout(input);
    const skip = findSkips(this.#model, graph.edges, layout);
    const content = { boxes, kids, edges: graph.edges, ports: graph.ports, skip, sizes: boxSizes(input) };
    return makeFrame(item, content, layout, item === ROOT, item === ROOT ? 0 : MIN_FRAME_WIDTH);
  }

  #input(graph: LocalGraph, kids: readonly (Frame | null)[]): LayoutInput {
    const n = graph.boxes.length;
    const [inPorts, outPorts] = [graph.ports.inputs.length, graph.ports.outputs.length];
    const width = new Float64Array(n + inPorts + outPorts);
    const height = new Float64Array(n + inPorts + outPorts);
    graph.boxes.forEach((box, i) => {
      const size = kids[i] ?? closedSize(this.#model, box);
      width[i] = size.w;
      height[i] = size.h;
    });
    const { edges } = graph;
    const offset = (ends: Int32Array, ports: Int32Array, side: "in" | "out"): Float64Array => {
      const offsets = new Float64Array(ports.length);
      for (let e = 0; e < ports.length; e += 1) {
        const kid = ports[e]! < 0 ? null : kids[ends[e]!];
        if (kid) offsets[e] = portOffset(kid, side, ports[e]!);
      }
      return offsets;
    };
    return {
      n,
      inPorts,
      outPorts,
      width,
      height,
      edges: edges.count,
      from: edges.from,
      to: edges.to,
      fromDx: offset(edges.from, edges.fromPort, "out"),
      toDx: offset(edges.to, edges.toPort, "in"),
    };
  }

  /** The border point of an open box where an op-level edge goes through. */
  #port(frame: Frame, edge: number, side: "in" | "out"): number {
    const ports = side === "in" ? frame.ports.inputs : frame.ports.outputs;
    const own = ports.indexOf(portKey(this.#model, this.#model.edges.tensor[edge]!));
    if (own >= 0) return own;
    const twin = this.#twin(frame.item, edge, side);
    const found = twin < 0 ? -1 : ports.indexOf(portKey(this.#model, this.#model.edges.tensor[twin]!));
    return found < 0 && ports.length === 1 ? 0 : found;
  }

  /**
   * The edge of the shown instance of a run that plays the part of `edge`, an edge of another instance; -1 if none.
   * Instances of one structure have their leaves and their reads in the same order.
   */
  #twin(run: number, edge: number, side: "in" | "out"): number {
    const { tree, edges } = this.#model;
    const shown = this.#expansion.shown(run);
    if (tree.kind[run] !== RUN || shown === run) return -1;
    const leaf = side === "in" ? edges.to[edge]! : edges.from[edge]!;
    const holder = tree.children[run]!.find((instance) => leaf >= tree.lo[instance]! && leaf < tree.hi[instance]!);
    if (holder === undefined) return -1;
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

function boxSizes(input: LayoutInput): Float64Array {
  const sizes = new Float64Array(2 * input.n);
  for (let i = 0; i < input.n; i += 1) {
    sizes[2 * i] = input.width[i]!;
    sizes[2 * i + 1] = input.height[i]!;
  }
  return sizes;
}
