/** Search over op types, op names and tensor names, best matches first. */

import type { ReportDocument, StringColumn } from "../../data/index.js";

export interface Found {
  readonly op: number;
  /** Lower is better. */
  readonly rank: number;
}

/** Ops that match, best first and within a rank in execution order. */
export function searchOps(doc: ReportDocument, query: string): Found[] {
  const words = query.trim().toLowerCase();
  if (words === "") return [];
  const rank = new Uint8Array(doc.ops.rows).fill(NO_MATCH);
  rankColumn(doc.ops.text("type"), words, rank, TYPE_RANKS, (row) => row);
  rankColumn(doc.ops.text("name"), words, rank, NAME_RANKS, (row) => row);
  rankTensors(doc, words, rank);
  const found: Found[] = [];
  rank.forEach((value, op) => {
    if (value !== NO_MATCH) found.push({ op, rank: value });
  });
  return found.sort((a, b) => a.rank - b.rank || a.op - b.op);
}

const NO_MATCH = 255;
/** For an exact match, a match at the beginning, a match inside. */
const TYPE_RANKS = [0, 2, 3] as const;
const NAME_RANKS = [1, 4, 5] as const;
const TENSOR_RANKS = [6, 7, 8] as const;

type Ranks = readonly [number, number, number];

function rankColumn(
  column: StringColumn | undefined,
  words: string,
  rank: Uint8Array,
  ranks: Ranks,
  opOf: (row: number) => number,
): void {
  if (!column) return;
  const byCode = column.dictionary.map((text) => rankText(text.toLowerCase(), words, ranks));
  for (let row = 0; row < column.length; row += 1) {
    const value = byCode[column.codes[row]!] ?? NO_MATCH;
    const op = value === NO_MATCH ? -1 : opOf(row);
    if (op >= 0 && value < rank[op]!) rank[op] = value;
  }
}

function rankText(text: string, words: string, ranks: Ranks): number {
  const at = text.indexOf(words);
  if (at < 0) return NO_MATCH;
  return text.length === words.length ? ranks[0] : at === 0 ? ranks[1] : ranks[2];
}

/** A tensor stands for the op that makes it; a weight or a model input for the first op that reads it. */
function rankTensors(doc: ReportDocument, words: string, rank: Uint8Array): void {
  const maker = new Int32Array(doc.tensors.rows).fill(-1);
  const [readers, read] = [doc.uses.indices("op"), doc.uses.indices("tensor")];
  for (let i = read.length - 1; i >= 0; i -= 1) maker[read[i]!] = readers[i]!;
  const [makers, made] = [doc.makes.indices("op"), doc.makes.indices("tensor")];
  for (let i = 0; i < made.length; i += 1) maker[made[i]!] = makers[i]!;
  rankColumn(doc.tensors.text("name"), words, rank, TENSOR_RANKS, (row) => maker[row]!);
}
