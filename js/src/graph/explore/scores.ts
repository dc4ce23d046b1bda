/** How well each op answers a term: 0 is best, `MISS` is not at all. */

import type { StringColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";

export type Scores = Float64Array;

export const MISS = Number.POSITIVE_INFINITY;

/** Scores of an exact match, a match at the beginning, a match inside. */
export type Ranks = readonly [number, number, number];

export function misses(count: number): Scores {
  return new Float64Array(count).fill(MISS);
}

/** All terms at once: what misses one is out, the rest add up. */
export function joined(all: readonly Scores[]): Scores {
  const [first, ...others] = all;
  const sum = first!.slice();
  for (const scores of others) for (let op = 0; op < sum.length; op += 1) sum[op]! += scores[op]!;
  return sum;
}

export function negation(scores: Scores): Scores {
  return scores.map((score) => (score === MISS ? 0 : MISS));
}

export interface Wanted {
  /** In lower case. */
  readonly text: string;
  /** Nothing but the whole text will do. */
  readonly whole: boolean;
}

/** Scores ops by a column of words; `opOf` tells which op a row speaks for, -1 for none. */
export function scoreWords(
  column: StringColumn | undefined,
  wanted: Wanted,
  ranks: Ranks,
  scores: Scores,
  opOf: (row: number) => number = itself,
): void {
  if (!column) return;
  const byCode = lowered(column).map((text) => rank(text, wanted, ranks));
  for (let row = 0; row < column.length; row += 1) {
    const score = byCode[column.codes[row]!] ?? MISS;
    const op = score === MISS ? -1 : opOf(row);
    if (op >= 0 && score < scores[op]!) scores[op] = score;
  }
}

const itself = (row: number): number => row;

function rank(text: string, { text: words, whole }: Wanted, ranks: Ranks): number {
  const at = text.indexOf(words);
  if (at < 0) return MISS;
  if (text.length === words.length) return ranks[0];
  return whole ? MISS : ranks[at === 0 ? 1 : 2];
}

const lower = new WeakMap<StringColumn, readonly string[]>();

/** The dictionary in lower case, kept: a search runs at every key. */
function lowered(column: StringColumn): readonly string[] {
  let words = lower.get(column);
  if (!words) {
    words = column.dictionary.map((text) => text.toLowerCase());
    lower.set(column, words);
  }
  return words;
}

const speakers = new WeakMap<GraphModel, Int32Array>();

/** The op that a tensor stands for: its maker; for a weight or a model input the first op drawn that reads it. */
export function tensorOps(model: GraphModel): Int32Array {
  const known = speakers.get(model);
  if (known) return known;
  const { doc } = model;
  const op = new Int32Array(doc.tensors.rows).fill(-1);
  const [readers, read] = [doc.uses.indices("op"), doc.uses.indices("tensor")];
  for (const drawn of [false, true]) {
    for (let i = read.length - 1; i >= 0; i -= 1) {
      if (!drawn || model.itemOfOp(readers[i]!) >= 0) op[read[i]!] = readers[i]!;
    }
  }
  const [makers, made] = [doc.makes.indices("op"), doc.makes.indices("tensor")];
  for (let i = 0; i < made.length; i += 1) op[made[i]!] = makers[i]!;
  speakers.set(model, op);
  return op;
}
