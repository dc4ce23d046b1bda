/** The graph without QuantizeLinear and DequantizeLinear: edges run past them, from what they read to who reads them. */

import type { DocumentTable, ReportDocument } from "../../data/index.js";
import type { OpGraph } from "./ops.js";

const QUANTIZERS = /^(Quantize|Dequantize)Linear$/;

/** 1 for each op that only changes the number format. */
export function findQuantizers(doc: ReportDocument): Uint8Array {
  const types = doc.ops.text("type");
  const fits = types?.dictionary.map((type) => QUANTIZERS.test(type)) ?? [];
  const found = new Uint8Array(doc.ops.rows);
  if (!types || !fits.includes(true)) return found;
  for (let op = 0; op < found.length; op += 1) if (fits[types.codes[op]!]) found[op] = 1;
  return found;
}

export function withoutQuantizers(doc: ReportDocument, graph: OpGraph, quantizers: Uint8Array): OpGraph {
  const past = lookPast(doc, graph, quantizers);
  const { from, to, tensor, count } = graph.edges;
  const edges = { from: new Int32Array(count), to: new Int32Array(count), tensor: new Int32Array(count) };
  const makeSlot = graph.makeSlot.slice();
  let kept = 0;
  for (let edge = 0; edge < count; edge += 1) {
    const op = from[edge]!;
    const hidden = quantizers[op] === 1;
    const source = hidden ? past.source[op]! : op;
    if (source < 0 || source === to[edge]) continue;
    edges.from[kept] = source;
    edges.to[kept] = to[edge]!;
    edges.tensor[kept] = hidden ? past.carried[op]! : tensor[edge]!;
    if (hidden) makeSlot[past.carried[op]!] = graph.makeSlot[past.made[op]!]!;
    kept += 1;
  }
  return { ...graph, edges: { count: kept, ...edges }, makeSlot };
}

/** By op: the node behind all quantizers above it, the tensor that node makes, and the tensor that stands for it. */
interface Past {
  readonly source: Int32Array;
  readonly made: Int32Array;
  readonly carried: Int32Array;
}

/**
 * One pass in execution order. An edge past a pair carries the quantized tensor, which tells it from other edges; a
 * quantizer that reads a weight, or what only runs later, leads nowhere.
 */
function lookPast(doc: ReportDocument, graph: OpGraph, quantizers: Uint8Array): Past {
  const data = firstTensors(doc.uses, graph.ops);
  const out = quantizedTensors(doc, graph.ops);
  const cameFrom = sources(doc, graph);
  const none = (): Int32Array => new Int32Array(graph.ops).fill(-1);
  const past = { source: none(), made: none(), carried: none() };
  for (let op = 0; op < graph.ops; op += 1) {
    const read = quantizers[op] === 1 ? data[op]! : -1;
    const node = read < 0 ? -1 : (cameFrom[read] ?? -1);
    if (node < 0) continue;
    if (quantizers[node] !== 1) note(past, op, node, read, out[op]! < 0 ? read : out[op]!);
    else if (node < op) pass(past, op, node, out[op]!);
  }
  return past;
}

function note({ source, made, carried }: Past, op: number, node: number, tensor: number, stands: number): void {
  source[op] = node;
  made[op] = tensor;
  carried[op] = stands;
}

/** What the quantizer above says, unless this is the first in the row to quantize. */
function pass(past: Past, op: number, above: number, own: number): void {
  const plain = past.carried[above] === past.made[above];
  const stands = plain && own >= 0 ? own : past.carried[above]!;
  note(past, op, past.source[above]!, past.made[above]!, stands);
}

function sources(doc: ReportDocument, { edges }: OpGraph): Int32Array {
  const source = new Int32Array(doc.tensors.rows).fill(-1);
  for (let edge = 0; edge < edges.count; edge += 1) source[edges.tensor[edge]!] = edges.from[edge]!;
  return source;
}

/** What each QuantizeLinear makes, -1 for other ops. */
function quantizedTensors(doc: ReportDocument, count: number): Int32Array {
  const types = doc.ops.text("type");
  const made = firstTensors(doc.makes, count);
  return made.map((tensor, op) => (types?.at(op) === "QuantizeLinear" ? tensor : -1));
}

/** The tensor in the first slot of each op, -1 for none. */
function firstTensors(table: DocumentTable, count: number): Int32Array {
  const [ops, slots, tensors] = [table.indices("op"), table.indices("slot"), table.indices("tensor")];
  const first = new Int32Array(count).fill(-1);
  for (let i = 0; i < ops.length; i += 1) if (slots[i] === 0) first[ops[i]!] = tensors[i]!;
  return first;
}
