/** The graph directly inside one open group: its boxes, the edges between them, the points on its border. */

import type { GraphModel } from "../model/graph-model.js";

/** What a box offers to the edges of the group around it. */
export interface Ports {
  /** Tensor rows that enter and leave, in drawing order; `SHAPES` for all shape data together. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export const SHAPES = -1;

/** What a tensor is called among the ports of a group. */
export function portKey(model: GraphModel, tensor: number): number {
  return model.isShapeData(tensor) ? SHAPES : tensor;
}

export interface LocalGraph {
  readonly boxes: readonly number[];
  readonly ports: Ports;
  readonly edges: LocalEdges;
}

export interface LocalEdges {
  readonly count: number;
  /** Box index, or boxes.length + port (inputs first). */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Port of the box where it is open, else -1. */
  readonly fromPort: Int32Array;
  readonly toPort: Int32Array;
  /** The largest tensor that runs along the edge. */
  readonly tensor: Int32Array;
  /** The op-level edge that carries it. */
  readonly sample: Int32Array;
}

/** Where an op-level edge attaches inside a box: the port, or -1 for the middle of its side. */
export type PortFinder = (box: number, edge: number, side: "in" | "out") => number;

/** More tensors than this share the last port: a border with a thousand ports explains nothing. */
const MAX_PORTS = 24;

/** `lo` and `hi` are the leaves shown; `slot` is scratch space over all leaves. */
export function localGraph(
  model: GraphModel,
  boxes: readonly number[],
  lo: number,
  hi: number,
  portOf: PortFinder,
  slot: Int32Array,
  bordered: boolean,
): LocalGraph {
  const { tree } = model;
  boxes.forEach((box, i) => {
    slot.fill(i, tree.lo[box]!, tree.hi[box]!);
  });
  return new Collector(model, boxes, lo, hi, portOf, slot, bordered).collect();
}

interface Row {
  readonly from: number;
  readonly to: number;
  readonly fromPort: number;
  readonly toPort: number;
  edge: number;
}

class Collector {
  readonly #model: GraphModel;
  readonly #boxes: readonly number[];
  readonly #lo: number;
  readonly #hi: number;
  readonly #portOf: PortFinder;
  readonly #slot: Int32Array;
  readonly #bordered: boolean;
  readonly #inputs = new Map<number, number>();
  readonly #outputs = new Map<number, number>();
  readonly #known = new Map<number, Row>();
  readonly #nbytes: ArrayLike<number>;

  constructor(
    model: GraphModel,
    boxes: readonly number[],
    lo: number,
    hi: number,
    portOf: PortFinder,
    slot: Int32Array,
    bordered: boolean,
  ) {
    this.#model = model;
    this.#boxes = boxes;
    this.#lo = lo;
    this.#hi = hi;
    this.#portOf = portOf;
    this.#slot = slot;
    this.#bordered = bordered;
    this.#nbytes = model.doc.tensors.numeric("nbytes")?.values ?? [];
  }

  collect(): LocalGraph {
    const { edges } = this.#model;
    for (let edge = edges.inStart[this.#lo]!; edge < edges.inStart[this.#hi]!; edge += 1) this.#incoming(edge);
    if (this.#bordered) {
      for (let i = edges.outStart[this.#lo]!; i < edges.outStart[this.#hi]!; i += 1) this.#leaving(edges.outEdge[i]!);
    }
    return {
      boxes: this.#boxes,
      ports: { inputs: [...this.#inputs.keys()], outputs: [...this.#outputs.keys()] },
      edges: this.#freeze(),
    };
  }

  #incoming(edge: number): void {
    const { from, to, tensor } = this.#model.edges;
    const [source, target] = [from[edge]!, to[edge]!];
    const slot = this.#slot[target]!;
    const inside = source >= this.#lo && source < this.#hi;
    if (inside && this.#slot[source] === slot) return;
    const toPort = this.#portOf(this.#boxes[slot]!, edge, "in");
    if (inside) {
      const fromSlot = this.#slot[source]!;
      this.#add(fromSlot, slot, this.#portOf(this.#boxes[fromSlot]!, edge, "out"), toPort, edge);
    } else if (this.#bordered) {
      this.#add(IN - port(this.#inputs, portKey(this.#model, tensor[edge]!)), slot, -1, toPort, edge);
    }
  }

  #leaving(edge: number): void {
    const { from, to, tensor } = this.#model.edges;
    const target = to[edge]!;
    if (target >= this.#lo && target < this.#hi) return;
    const slot = this.#slot[from[edge]!]!;
    const fromPort = this.#portOf(this.#boxes[slot]!, edge, "out");
    this.#add(slot, OUT - port(this.#outputs, portKey(this.#model, tensor[edge]!)), fromPort, -1, edge);
  }

  #add(from: number, to: number, fromPort: number, toPort: number, edge: number): void {
    const key = endKey(from, fromPort) * END_KEYS + endKey(to, toPort);
    const row = this.#known.get(key);
    if (!row) {
      this.#known.set(key, { from, to, fromPort, toPort, edge });
      return;
    }
    const { tensor } = this.#model.edges;
    if ((this.#nbytes[tensor[edge]!] ?? 0) > (this.#nbytes[tensor[row.edge]!] ?? 0)) row.edge = edge;
  }

  /** Port nodes are numbered once all are known: boxes, then inputs, then outputs. */
  #freeze(): LocalEdges {
    const n = this.#boxes.length;
    const node = (end: number): number =>
      end >= 0 ? end : end > OUT ? n + (IN - end) : n + this.#inputs.size + (OUT - end);
    const rows = [...this.#known.values()];
    // Plain loops: this runs for every edge of everything that is open, and `Int32Array.from` is ten times slower.
    const column = (value: (row: Row) => number): Int32Array => {
      const values = new Int32Array(rows.length);
      for (let i = 0; i < rows.length; i += 1) values[i] = value(rows[i]!);
      return values;
    };
    return {
      count: rows.length,
      from: column((row) => node(row.from)),
      to: column((row) => node(row.to)),
      fromPort: column((row) => row.fromPort),
      toPort: column((row) => row.toPort),
      tensor: column((row) => this.#model.edges.tensor[row.edge]!),
      sample: column((row) => row.edge),
    };
  }
}

/** Ends that are ports before they have a number: IN, IN-1, …, then OUT, OUT-1, … */
const IN = -1;
const OUT = -1000;

/** Ends fit 26 bits, so that a pair of them is an exact number. */
const END_KEYS = 2 ** 26;

function endKey(end: number, port: number): number {
  return (end + 2048) * 32 + port + 1;
}

function port(ports: Map<number, number>, tensor: number): number {
  const known = ports.get(tensor);
  if (known !== undefined) return known;
  if (ports.size >= MAX_PORTS) return MAX_PORTS - 1;
  ports.set(tensor, ports.size);
  return ports.size - 1;
}
