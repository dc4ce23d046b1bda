/** The op-level graph of a document as flat arrays: nodes are ops, then model inputs, then model outputs. */

import type { DocumentTable, ReportDocument, StringColumn } from "../../data/index.js";
import { findConstants } from "./constants.js";
import { Yields } from "./yields.js";

export interface OpGraph {
  readonly ops: number;
  /** Tensor row of each model input; its node is `ops + i`. */
  readonly inputs: Int32Array;
  /** Tensor row of each model output; its node is `ops + inputs.length + i`. */
  readonly outputs: Int32Array;
  readonly nodes: number;
  /** One per (reader, slot): `from` and `to` are nodes, `tensor` a tensor row. */
  readonly edges: EdgeList;
  /** 1 for an op whose result depends on weights alone. */
  readonly constant: Uint8Array;
  /** Row of the scope table that holds the op. */
  readonly scopeOf: Int32Array;
  /** The control-flow op whose body holds the op, or -1. */
  readonly ownerOf: Int32Array;
  /** Output slot of each tensor at its producer, -1 where it has none. */
  readonly makeSlot: Int32Array;
}

export interface EdgeList {
  readonly count: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly tensor: Int32Array;
}

export function readOpGraph(doc: ReportDocument): OpGraph {
  const ops = doc.ops.rows;
  const kind = doc.tensors.text("kind");
  const inputs = rowsOfKind(kind, "input", doc.tensors.rows);
  const outputs = outputRows(doc, kind);
  const producer = producers(doc);
  const scopeOf = clampRows(doc.ops.indices("scope"), doc.scopes.rows);
  const ownerOf = ownersOf(doc.ops.indices("parent"));
  const source = sourceNodes(producer.op, inputs, ops);
  const constant = findConstants(doc, producer.op, ownerOf);
  const yields = new Yields(doc, { source, ownerOf, constant });
  return {
    ops,
    inputs,
    outputs,
    nodes: ops + inputs.length + outputs.length,
    edges: listEdges(doc.uses, source, yields, outputs, ops + inputs.length),
    constant,
    scopeOf,
    ownerOf,
    makeSlot: producer.slot,
  };
}

function rowsOfKind(kind: StringColumn | undefined, wanted: string, rows: number): Int32Array {
  const code = kind?.dictionary.indexOf(wanted) ?? -1;
  const found: number[] = [];
  for (let row = 0; code >= 0 && row < rows; row += 1) if (kind?.codes[row] === code) found.push(row);
  return Int32Array.from(found);
}

/** Output tensors by kind; where an output is also an input (passed through) only the header knows it. */
function outputRows(doc: ReportDocument, kind: StringColumn | undefined): Int32Array {
  const rows = rowsOfKind(kind, "output", doc.tensors.rows);
  const wanted = new Set(doc.model.outputs.map((output) => output.name));
  // The names of a hundred thousand tensors are not unpacked for nothing.
  if (wanted.size <= rows.length) return rows;
  const names = doc.tensors.text("name");
  for (const row of rows) wanted.delete(names?.at(row) ?? "");
  if (wanted.size === 0) return rows;
  const extra: number[] = [];
  for (let row = 0; row < doc.tensors.rows; row += 1) if (wanted.has(names?.at(row) ?? "")) extra.push(row);
  return Int32Array.from([...rows, ...extra]);
}

/** Where each tensor comes from; what a body is given comes from the control-flow op around it. */
function producers(doc: ReportDocument): { op: Int32Array; slot: Int32Array } {
  const op = new Int32Array(doc.tensors.rows).fill(-1);
  const slot = new Int32Array(doc.tensors.rows).fill(-1);
  for (const table of [doc.table("feeds"), doc.makes]) {
    const [ops, slots, tensors] = [table.indices("op"), table.indices("slot"), table.indices("tensor")];
    for (let i = 0; i < tensors.length; i += 1) {
      op[tensors[i]!] = ops[i]!;
      slot[tensors[i]!] = slots[i]!;
    }
  }
  return { op, slot };
}

function clampRows(rows: Int32Array, limit: number): Int32Array {
  const clamped = rows.slice();
  for (let i = 0; i < clamped.length; i += 1) if (clamped[i]! < 0 || clamped[i]! >= limit) clamped[i] = 0;
  return clamped;
}

/** An owner comes before its body in the flat list; anything else would make the tree cyclic. */
function ownersOf(parents: Int32Array): Int32Array {
  const owners = parents.slice();
  for (let op = 0; op < owners.length; op += 1) if (owners[op]! >= op || owners[op]! < 0) owners[op] = -1;
  return owners;
}

function sourceNodes(producer: Int32Array, inputs: Int32Array, ops: number): Int32Array {
  const source = producer.slice();
  inputs.forEach((tensor, i) => {
    if (source[tensor] === -1) source[tensor] = ops + i;
  });
  return source;
}

function listEdges(
  uses: DocumentTable,
  source: Int32Array,
  yields: Yields,
  outputs: Int32Array,
  firstOutput: number,
): EdgeList {
  const [readers, read] = [uses.indices("op"), uses.indices("tensor")];
  const list = new EdgeCollector(read.length + outputs.length);
  const add = (tensor: number, to: number): void => {
    if (yields.has(tensor)) for (const from of yields.sources(tensor)) list.add(from, to, tensor);
    else list.add(source[tensor] ?? -1, to, tensor);
  };
  for (let i = 0; i < read.length; i += 1) add(read[i]!, readers[i]!);
  for (let i = 0; i < outputs.length; i += 1) add(outputs[i]!, firstOutput + i);
  return list;
}

class EdgeCollector implements EdgeList {
  count = 0;
  from: Int32Array;
  to: Int32Array;
  tensor: Int32Array;

  constructor(room: number) {
    [this.from, this.to, this.tensor] = [new Int32Array(room), new Int32Array(room), new Int32Array(room)];
  }

  add(from: number, to: number, tensor: number): void {
    if (from < 0 || from === to) return;
    if (this.count === this.from.length) this.#grow();
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.tensor[this.count++] = tensor;
  }

  /** A result of an If has an edge from each branch. */
  #grow(): void {
    const larger = (array: Int32Array): Int32Array => {
      const grown = new Int32Array(2 * array.length);
      grown.set(array);
      return grown;
    };
    [this.from, this.to, this.tensor] = [larger(this.from), larger(this.to), larger(this.tensor)];
  }
}
