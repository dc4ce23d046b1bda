/**
 * Finds the tensors of attention that grow with the square of the sequence length.
 *
 * Shapes and op types decide: a tensor `[…, S, T]` of at least three dims, S and T above 1 or unknown, that lies between
 * a matrix product and a softmax, or between a softmax and the matrix product behind it, with nothing but elementwise
 * ops on the way. A softmax over classes or experts has no product on one of its sides, and one decoded token (S = 1)
 * grows with the length, not with its square.
 */

import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";

const SOFTMAX = /^(Softmax|BiasSoftmax|QLinearSoftmax)$/;
const PRODUCT = /^(MatMul|Einsum|FusedMatMul|TransposeMatMul|MatMulInteger|QLinearMatMul|MatMulIntegerToFloat)$/;
const ON_THE_WAY =
  /^(Add|Sub|Mul|Div|Where|Cast|CastLike|Dropout|Identity|Clip|Max|Min|Tanh|QuantizeLinear|DequantizeLinear)$/;
/** Scaling, mask, bias, casts and quantizers: more than this lies between product and softmax nowhere. */
const MOST_STEPS = 10;

const found = new WeakMap<GraphModel, Uint8Array>();

/** 1 for each such tensor. */
export function quadraticTensors(model: GraphModel): Uint8Array {
  const known = found.get(model);
  if (known) return known;
  const marks = new Finder(model).find();
  found.set(model, marks);
  return marks;
}

class Finder {
  readonly #model: GraphModel;
  readonly #marks: Uint8Array;
  readonly #isProduct: (leaf: number) => boolean;
  readonly #isSoftmax: (leaf: number) => boolean;
  readonly #passes: (leaf: number) => boolean;

  constructor(model: GraphModel) {
    this.#model = model;
    this.#marks = new Uint8Array(model.doc.tensors.rows);
    this.#isProduct = this.#matcher(PRODUCT);
    this.#isSoftmax = this.#matcher(SOFTMAX);
    this.#passes = this.#matcher(ON_THE_WAY);
  }

  find(): Uint8Array {
    const leaves = this.#model.tree.itemOf.length;
    for (let leaf = 0; leaf < leaves; leaf += 1) {
      if (!this.#isSoftmax(leaf)) continue;
      const [above, below] = [this.#climb(leaf), this.#descend(leaf)];
      if (above && below) for (const tensor of [...above, ...below]) this.#marks[tensor] = 1;
    }
    return this.#marks;
  }

  #matcher(pattern: RegExp): (leaf: number) => boolean {
    const { doc, tree } = this.#model;
    const types = doc.ops.text("type");
    const matching = types?.dictionary.map((type) => pattern.test(type)) ?? [];
    return (leaf) => {
      const item = tree.itemOf[leaf]!;
      return tree.kind[item] === OP && matching[types?.codes[tree.ref[item]!] ?? -1] === true;
    };
  }

  /** Tensors from the product to the softmax; null where there is no such way. */
  #climb(softmax: number): number[] | null {
    const { edges } = this.#model;
    const way: number[] = [];
    let leaf = softmax;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const edge = this.#scoresInto(leaf);
      if (edge < 0) return null;
      way.push(edges.tensor[edge]!);
      leaf = edges.from[edge]!;
      if (this.#isProduct(leaf)) return way;
      if (!this.#passes(leaf)) return null;
    }
    return null;
  }

  /** The edge that brings scores: beside it a mask or a scale may come in. */
  #scoresInto(leaf: number): number {
    const { edges } = this.#model;
    let fallback = -1;
    for (let edge = edges.inStart[leaf]!; edge < edges.inStart[leaf + 1]!; edge += 1) {
      if (!this.#square(edges.tensor[edge]!)) continue;
      const from = edges.from[edge]!;
      if (this.#isProduct(from)) return edge;
      if (this.#passes(from) && fallback < 0) fallback = edge;
    }
    return fallback;
  }

  #descend(softmax: number): number[] | null {
    const { edges } = this.#model;
    const way: number[] = [];
    let leaf = softmax;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const edge = this.#weightsOutOf(leaf);
      if (edge < 0) return null;
      way.push(edges.tensor[edge]!);
      leaf = edges.to[edge]!;
      if (this.#isProduct(leaf)) return way;
      if (!this.#passes(leaf)) return null;
    }
    return null;
  }

  #weightsOutOf(leaf: number): number {
    const { edges } = this.#model;
    let fallback = -1;
    for (let i = edges.outStart[leaf]!; i < edges.outStart[leaf + 1]!; i += 1) {
      const edge = edges.outEdge[i]!;
      if (!this.#square(edges.tensor[edge]!)) continue;
      const to = edges.to[edge]!;
      if (this.#isProduct(to)) return edge;
      if (this.#passes(to) && fallback < 0) fallback = edge;
    }
    return fallback;
  }

  #square(tensor: number): boolean {
    const dims = this.#model.doc.tensors.text("shape")?.at(tensor)?.split("×") ?? [];
    return dims.length >= 3 && dims.slice(-2).every((dim) => dim !== "1" && dim !== "0");
  }
}
