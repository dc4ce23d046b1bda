import type { ReportDocument } from "../../data/index.js";

const RANDOM = /^(Random|Multinomial|Bernoulli)/;

/**
 * Marks ops that depend on weights alone (Constant nodes, dequantized weights), and those whose result follows from
 * the sizes (shape arithmetic, which the engine marks as folded).
 *
 * A reader's op list is in execution order, so one pass forward suffices. An op that makes a model output is never
 * marked: hiding it would hide the answer.
 */
export function findConstants(doc: ReportDocument, producer: Int32Array, ownerOf: Int32Array): Uint8Array {
  const varying = new Uint8Array(doc.ops.rows);
  markRandom(doc, varying);
  const first = usesByOp(doc);
  const fixed = fixedTensors(doc);
  const read = doc.uses.indices("tensor");
  const folded = doc.ops.numeric("folded")?.values;
  for (let op = 0; op < varying.length; op += 1) {
    if (folded?.[op] === 1) continue;
    for (let i = first.start[op]!; varying[op] === 0 && i < first.start[op + 1]!; i += 1) {
      const tensor = read[first.order[i]!]!;
      const maker = producer[tensor]!;
      if (maker >= 0 ? varying[maker] === 1 : fixed[tensor] === 0) varying[op] = 1;
    }
    if (varying[op] === 1) markOwners(op, ownerOf, varying);
  }
  markOutputs(doc, producer, varying);
  return varying.map((value) => 1 - value);
}

function markRandom(doc: ReportDocument, varying: Uint8Array): void {
  const types = doc.ops.text("type");
  const random = types?.dictionary.map((type) => RANDOM.test(type)) ?? [];
  types?.codes.forEach((code, op) => {
    if (random[code]) varying[op] = 1;
  });
}

/** Rows of `uses` grouped by op, by counting sort. */
function usesByOp(doc: ReportDocument): { start: Int32Array; order: Int32Array } {
  const readers = doc.uses.indices("op");
  const start = new Int32Array(doc.ops.rows + 1);
  for (const op of readers) start[op + 1]! += 1;
  for (let op = 0; op < doc.ops.rows; op += 1) start[op + 1]! += start[op]!;
  const next = start.slice();
  const order = new Int32Array(readers.length);
  readers.forEach((op, i) => {
    order[next[op]!++] = i;
  });
  return { start, order };
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
