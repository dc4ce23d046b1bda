import type { ReportDocument } from "../../data/index.js";

const RANDOM = /^(Random|Multinomial|Bernoulli)/;

/**
 * Marks ops that depend on weights alone (Constant nodes, dequantized weights), and those whose result follows from
 * the sizes (shape arithmetic, which the engine marks as folded).
 *
 * A reader's op list is in execution order, so one pass forward suffices. An op that makes a model output is never
 * marked: hiding it would hide the answer. The weights of a checkpoint are all there is to see: none is marked.
 */
export function findConstants(doc: ReportDocument, producer: Int32Array, ownerOf: Int32Array): Uint8Array {
  const varying = new Uint8Array(doc.ops.rows);
  if (doc.holds === "weights") return varying;
  markRandom(doc, varying);
  const { start, tensor } = readsByOp(doc);
  const fixed = fixedTensors(doc);
  const folded = doc.ops.numeric("folded")?.values;
  const varies = (read: number): boolean => {
    const maker = producer[read]!;
    return maker >= 0 ? varying[maker] === 1 : fixed[read] === 0;
  };
  for (let op = 0; op < varying.length; op += 1) {
    if (folded?.[op] === 1) continue;
    for (let i = start[op]!; varying[op] === 0 && i < start[op + 1]!; i += 1) if (varies(tensor[i]!)) varying[op] = 1;
    if (varying[op] === 1) markOwners(op, ownerOf, varying);
  }
  markOutputs(doc, producer, varying);
  for (let op = 0; op < varying.length; op += 1) varying[op] = 1 - varying[op]!;
  return varying;
}

function markRandom(doc: ReportDocument, varying: Uint8Array): void {
  const types = doc.ops.text("type");
  const random = types?.dictionary.map((type) => RANDOM.test(type)) ?? [];
  if (!types || !random.includes(true)) return;
  for (let op = 0; op < varying.length; op += 1) if (random[types.codes[op]!]) varying[op] = 1;
}

/** Tensors read, grouped by op. Writers list uses in the order of ops; anything else is sorted by counting. */
function readsByOp(doc: ReportDocument): { start: Int32Array; tensor: Int32Array } {
  const [readers, read] = [doc.uses.indices("op"), doc.uses.indices("tensor")];
  const start = new Int32Array(doc.ops.rows + 1);
  let sorted = true;
  for (let i = 0; i < readers.length; i += 1) {
    start[readers[i]! + 1]! += 1;
    if (i > 0 && readers[i]! < readers[i - 1]!) sorted = false;
  }
  for (let op = 0; op < doc.ops.rows; op += 1) start[op + 1]! += start[op]!;
  if (sorted) return { start, tensor: read };
  const next = start.slice();
  const tensor = new Int32Array(read.length);
  for (let i = 0; i < readers.length; i += 1) tensor[next[readers[i]!]!++] = read[i]!;
  return { start, tensor };
}

function fixedTensors(doc: ReportDocument): Uint8Array {
  const kind = doc.tensors.text("kind");
  const fixed = new Uint8Array(doc.tensors.rows);
  const codes = new Set(["initializer", "constant"].map((name) => kind?.dictionary.indexOf(name) ?? -1));
  kind?.codes.forEach((code, row) => {
    if (codes.has(code)) fixed[row] = 1;
  });
  return fixed;
}

function markOwners(op: number, ownerOf: Int32Array, varying: Uint8Array): void {
  for (let owner = ownerOf[op]!; owner >= 0 && varying[owner] === 0; owner = ownerOf[owner]!) varying[owner] = 1;
}

function markOutputs(doc: ReportDocument, producer: Int32Array, varying: Uint8Array): void {
  const kind = doc.tensors.text("kind");
  const output = kind?.dictionary.indexOf("output") ?? -1;
  kind?.codes.forEach((code, row) => {
    const maker = producer[row]!;
    if (code === output && maker >= 0) varying[maker] = 1;
  });
}
