/** The edges directly inside one open group: between its boxes, and from and to the points on its border. */

import type { GraphModel } from "../model/graph-model.js";
import { type Ports, portAmong, type Side } from "./ports.js";

export interface EdgeEnds {
  readonly count: number;
  /** Box index, or boxes.length + port (inputs first). */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Port of the box where it is open, else -1. */
  readonly fromPort: Int32Array;
  readonly toPort: Int32Array;
}

export interface LocalEdges extends EdgeEnds {
  /** The largest tensor that runs along the edge. */
  readonly tensor: Int32Array;
  /** The op-level edge that carries it. */
  readonly sample: Int32Array;
}

/** Where an op-level edge attaches to the `i`-th box: the port, or -1 for the middle of its side. */
export type PortOf = (i: number, edge: number, side: Side) => number;

export interface LocalView {
  readonly model: GraphModel;
  /** The group whose members are drawn. */
  readonly shown: number;
  readonly boxes: readonly number[];
  readonly ports: Ports;
  readonly portOf: PortOf;
  /** Scratch space over all leaves. */
  readonly slot: Int32Array;
}

export function localEdges(view: LocalView): LocalEdges {
  const { lo, hi } = view.model.tree;
  view.boxes.forEach((box, i) => {
    view.slot.fill(i, lo[box]!, hi[box]!);
  });
  return new Collector(view).collect();
}

/** Op-level edges between the same two places are drawn as one. */
class Collector {
  readonly #view: LocalView;
  readonly #nbytes: ArrayLike<number>;
  readonly #row = new Map<number, number>();
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #fromPort: number[] = [];
  readonly #toPort: number[] = [];
  readonly #sample: number[] = [];

  constructor(view: LocalView) {
    this.#view = view;
    this.#nbytes = view.model.doc.tensors.numeric("nbytes")?.values ?? [];
  }

  collect(): LocalEdges {
    this.#readings();
    this.#leavings();
    const { tensor } = this.#view.model.edges;
    return {
      count: this.#sample.length,
      from: Int32Array.from(this.#from),
      to: Int32Array.from(this.#to),
      fromPort: Int32Array.from(this.#fromPort),
      toPort: Int32Array.from(this.#toPort),
      tensor: Int32Array.from(this.#sample, (edge) => tensor[edge]!),
      sample: Int32Array.from(this.#sample),
    };
  }

  /** What the boxes read, from each other and from outside, in the order of their leaves. */
  #readings(): void {
    const { inner, incoming } = this.#view.model.borders;
    const { shown } = this.#view;
    let [i, k] = [inner.start[shown]!, incoming.start[shown]!];
    const [iEnd, kEnd] = [inner.start[shown + 1]!, incoming.start[shown + 1]!];
    while (i < iEnd || k < kEnd) {
      if (k === kEnd || (i < iEnd && inner.edge[i]! < incoming.edge[k]!)) this.#between(inner.edge[i++]!);
      else this.#entering(incoming.edge[k++]!);
    }
  }

  #leavings(): void {
    const { outgoing } = this.#view.model.borders;
    const { shown } = this.#view;
    for (let i = outgoing.start[shown]!; i < outgoing.start[shown + 1]!; i += 1) this.#leaving(outgoing.edge[i]!);
  }

  #between(edge: number): void {
    const { model, slot, portOf } = this.#view;
    const [from, to] = [slot[model.edges.from[edge]!]!, slot[model.edges.to[edge]!]!];
    const toPort = portOf(to, edge, "in");
    this.#add(from, to, portOf(from, edge, "out"), toPort, edge);
  }

  #entering(edge: number): void {
    const { model, slot, portOf, boxes, ports } = this.#view;
    const to = slot[model.edges.to[edge]!]!;
    const port = portAmong(model, ports.inputs, model.edges.tensor[edge]!);
    this.#add(boxes.length + port, to, -1, portOf(to, edge, "in"), edge);
  }

  #leaving(edge: number): void {
    const { model, slot, portOf, boxes, ports } = this.#view;
    const from = slot[model.edges.from[edge]!]!;
    const port = ports.inputs.length + portAmong(model, ports.outputs, model.edges.tensor[edge]!);
    this.#add(from, boxes.length + port, portOf(from, edge, "out"), -1, edge);
  }

  #add(from: number, to: number, fromPort: number, toPort: number, edge: number): void {
    const key = endKey(from, fromPort) * END_KEYS + endKey(to, toPort);
    const row = this.#row.get(key);
    if (row !== undefined) return this.#keepLarger(row, edge);
    this.#row.set(key, this.#sample.push(edge) - 1);
    this.#from.push(from);
    this.#to.push(to);
    this.#fromPort.push(fromPort);
    this.#toPort.push(toPort);
  }

  #keepLarger(row: number, edge: number): void {
    const { tensor } = this.#view.model.edges;
    const [now, most] = [this.#nbytes[tensor[edge]!] ?? 0, this.#nbytes[tensor[this.#sample[row]!]!] ?? 0];
    if (now > most) this.#sample[row] = edge;
  }
}

/** Ends fit 26 bits, so that a pair of them is an exact number. */
const END_KEYS = 2 ** 26;

function endKey(end: number, port: number): number {
  return end * 32 + port + 1;
}
