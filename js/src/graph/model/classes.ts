/**
 * Structural classes of groups. Two groups of one class correspond leaf by leaf and edge by edge: ops of the same types,
 * wired alike, with tensors that cross their borders at the same places and shared by the same readers. With the same
 * groups open below them and boxes of the same sizes they look the same, so that one layout serves both.
 */

import type { GraphModel } from "./graph-model.js";
import { Sequences } from "./sequences.js";
import { OP, ROOT } from "./tree.js";

/** Class of each group, -1 for leaves and items that are not part of the tree. */
export function classify(model: GraphModel): Int32Array {
  const classes = new Int32Array(model.tree.kind.length).fill(-1);
  const classifier = new Classifier(model, classes);
  for (const item of innerFirst(model)) classes[item] = classifier.classOf(item);
  return classes;
}

/** All groups, those inside before those around them. */
export function innerFirst(model: GraphModel): number[] {
  const { children, lo, hi } = model.tree;
  const order = [ROOT];
  for (let i = 0; i < order.length; i += 1) {
    const item = order[i]!;
    if (children[item]!.length === hi[item]! - lo[item]!) continue;
    for (const child of children[item]!) if (model.isGroup(child)) order.push(child);
  }
  return order.reverse();
}

/** Bits beside a number: the tensor is shape data; the edge comes from outside; which output it is follows. */
const SHAPE = 1;
const OUTSIDE = 2;
const NUMBERED = 4;
const BITS = 8;

class Classifier {
  readonly #model: GraphModel;
  readonly #classes: Int32Array;
  readonly #sequences = new Sequences();
  readonly #types: ArrayLike<number>;
  readonly #output: Int32Array;
  /** The number a tensor has among those that cross the border under work, valid where `stamp` is that border's. */
  readonly #number: Int32Array;
  readonly #stamp: Int32Array;
  #border = 0;
  #numbers = 0;

  constructor(model: GraphModel, classes: Int32Array) {
    this.#model = model;
    this.#classes = classes;
    this.#types = model.doc.ops.text("type")?.codes ?? [];
    this.#output = outputNumbers(model);
    // One more than tensors: all shape data share the last place.
    this.#number = new Int32Array(model.doc.tensors.rows + 1);
    this.#stamp = new Int32Array(model.doc.tensors.rows + 1);
  }

  classOf(item: number): number {
    this.#members(item);
    this.#readings(item);
    this.#leavings(item);
    return this.#sequences.take();
  }

  /** Leaves are negative, so that none is taken for a group. */
  #members(item: number): void {
    const { kind, children, ref } = this.#model.tree;
    const members = children[item]!;
    this.#sequences.push(kind[item]!);
    this.#sequences.push(members.length);
    for (const member of members) {
      if (this.#classes[member]! >= 0) this.#sequences.push(this.#classes[member]!);
      else if (kind[member] === OP) this.#sequences.push(-5 - ((this.#types[ref[member]!] ?? 0) | 0));
      else this.#sequences.push(-1 - kind[member]!);
    }
  }

  /** Edges that arrive here, in the order of their readers: the order in which they arrive makes a difference. */
  #readings(item: number): void {
    const { inner, incoming } = this.#model.borders;
    const [iEnd, kEnd] = [inner.start[item + 1]!, incoming.start[item + 1]!];
    let [i, k] = [inner.start[item]!, incoming.start[item]!];
    this.#newBorder();
    this.#sequences.push(iEnd - i + kEnd - k);
    while (i < iEnd || k < kEnd) {
      if (k === kEnd || (i < iEnd && inner.edge[i]! < incoming.edge[k]!)) this.#between(item, inner.edge[i++]!);
      else this.#entering(item, incoming.edge[k++]!);
    }
  }

  #between(item: number, edge: number): void {
    const { tree, edges } = this.#model;
    const lo = tree.lo[item]!;
    const tensor = edges.tensor[edge]!;
    const numbered = this.#output[tensor] === 0 ? 0 : NUMBERED;
    this.#sequences.push((edges.to[edge]! - lo) * BITS + this.#shape(tensor) + numbered);
    this.#sequences.push(edges.from[edge]! - lo);
    if (numbered > 0) this.#sequences.push(this.#output[tensor]!);
  }

  #entering(item: number, edge: number): void {
    const { tree, edges } = this.#model;
    const tensor = edges.tensor[edge]!;
    this.#sequences.push((edges.to[edge]! - tree.lo[item]!) * BITS + this.#shape(tensor) + OUTSIDE);
    this.#sequences.push(this.#numberOf(tensor));
  }

  /** How many readers a tensor has outside makes no difference, so that each leaf states it once. */
  #leavings(item: number): void {
    const { tree, borders, edges } = this.#model;
    const { start, edge: list } = borders.outgoing;
    const lo = tree.lo[item]!;
    this.#newBorder();
    let before = -1;
    for (let i = start[item]!; i < start[item + 1]!; i += 1) {
      const tensor = edges.tensor[list[i]!]!;
      if (tensor === before) continue;
      before = tensor;
      const numbered = this.#output[tensor] === 0 ? 0 : NUMBERED;
      this.#sequences.push((edges.from[list[i]!]! - lo) * BITS + this.#shape(tensor) + numbered);
      this.#sequences.push(this.#numberOf(tensor));
      if (numbered > 0) this.#sequences.push(this.#output[tensor]!);
    }
  }

  #newBorder(): void {
    this.#border += 1;
    this.#numbers = 0;
  }

  #shape(tensor: number): number {
    return this.#model.isShapeData(tensor) ? SHAPE : 0;
  }

  #numberOf(tensor: number): number {
    const place = this.#model.isShapeData(tensor) ? this.#number.length - 1 : tensor;
    if (this.#stamp[place] !== this.#border) {
      this.#stamp[place] = this.#border;
      this.#number[place] = this.#numbers++;
    }
    return this.#number[place]!;
  }
}

/**
 * Tells the tensors of one leaf apart: 0 for the only one in its first slot, as nearly all are. The slot alone does not
 * do: what is drawn in the place of hidden quantizers shares it.
 */
function outputNumbers(model: GraphModel): Int32Array {
  const { edges, graph, doc } = model;
  const number = new Int32Array(doc.tensors.rows).fill(-1);
  const made = new Int32Array(edges.outStart.length);
  for (let i = 0; i < edges.count; i += 1) {
    const edge = edges.outEdge[i]!;
    const tensor = edges.tensor[edge]!;
    if (number[tensor] !== -1) continue;
    const slot = Math.max(0, graph.makeSlot[tensor]! + 1);
    const nth = made[edges.from[edge]!]!++;
    number[tensor] = nth === 0 && slot <= 1 ? 0 : 1 + nth * SLOTS + slot;
  }
  return number;
}

const SLOTS = 4096;
