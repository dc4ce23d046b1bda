/** The op-level graph of a document as flat arrays: nodes are ops, then model inputs, then model outputs. */

import type { DocumentTable, ReportDocument, StringColumn } from "../../data/index.js";
import { findConstants } from "./constants.js";

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
  return {
    ops,
    inputs,
    outputs,
    nodes: ops + inputs.length + outputs.length,
    edges: listEdges(doc.uses, source, outputs, ops + inputs.length),
    constant: findConstants(doc, producer.op, ownerOf),
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
  const names = doc.tensors.text("name");
  const wanted = new Set(doc.model.outputs.map((output) => output.name));
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
  return rows.map((row) => (row >= 0 && row < limit ? row : 0));
}

/** An owner comes before its body in the flat list; anything else would make the tree cyclic. */
function ownersOf(parents: Int32Array): Int32Array {
  return parents.map((parent, op) => (parent < op ? parent : -1));
}

function sourceNodes(producer: Int32Array, inputs: Int32Array, ops: number): Int32Array {
  const source = producer.slice();
  inputs.forEach((tensor, i) => {
    if (source[tensor] === -1) source[tensor] = ops + i;
  });
  return source;
}

function listEdges(uses: DocumentTable, source: Int32Array, outputs: Int32Array, firstOutput: number): EdgeList {
  const [readers, read] = [uses.indices("op"), uses.indices("tensor")];
  const size = read.length + outputs.length;
  const list = { from: new Int32Array(size), to: new Int32Array(size), tensor: new Int32Array(size) };
  let count = 0;
  const add = (tensor: number, to: number): void => {
    const from = source[tensor] ?? -1;
    if (from < 0 || from === to) return;
    list.from[count] = from;
    list.to[count] = to;
    list.tensor[count] = tensor;
    count += 1;
  };
  for (let i = 0; i < read.length; i += 1) add(read[i]!, readers[i]!);
  outputs.forEach((tensor, i) => {
    add(tensor, firstOutput + i);
  });
  return { count, ...list };
}
