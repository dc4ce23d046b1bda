/** Colours by kind: the eight most frequent words have one each, the others share a grey. */

import { type Column, format } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";
import type { Codes } from "./codes.js";
import type { Coloring, ColorShare } from "./coloring.js";
import { insideOut } from "./inside-out.js";
import type { WordEntry, WordsLegend } from "./legend.js";
import { blend } from "./oklab.js";
import { wordTerm } from "./query-text.js";
import { distinct, neutrals, SLOTS } from "./words-palette.js";

const OTHER = SLOTS;
/** Colours and the shared grey; a group of several words has the paler version of its most frequent one. */
const WIDTH = SLOTS + 1;
const UNKNOWN = 2 * WIDTH;
const NONE = UNKNOWN + 1;
/** How far the colour of a mixed group goes towards the card. */
const PALE = 0.55;

const NO_WORD = -1;
const SEVERAL = -2;

interface Sorted {
  readonly column: Column;
  readonly codes: Codes;
  readonly slots: Slots;
  readonly bucket: Uint8Array;
  /** Per item the only word below it, `NO_WORD` or `SEVERAL`. */
  readonly only: Int32Array;
  /** Per item and slot: ops below it, of weights their bytes. */
  readonly counts: Float64Array;
}

/** Which word has which colour. */
export interface Slots {
  /** Words in the order of their slots; undefined where a slot is free. */
  readonly words: readonly (number | undefined)[];
  /** Per code. */
  readonly of: Uint8Array;
  /** Rows per code. */
  readonly rows: Uint32Array;
}

export class WordColoring implements Coloring {
  readonly column: Column;
  readonly #sorted: Sorted;
  readonly #dark: boolean;
  readonly #palette: readonly (string | null)[];
  #other: WordColoring | null = null;
  #legend: WordsLegend | null = null;

  private constructor(sorted: Sorted, dark: boolean) {
    this.#sorted = sorted;
    this.#dark = dark;
    this.column = sorted.column;
    this.#palette = palette(dark);
  }

  /** Words that `like` shows too keep their colours. */
  static of(model: GraphModel, column: Column, codes: Codes, like: WordColoring | null): WordColoring {
    return new WordColoring(sortItems(model, column, codes, like ? like.#slotWords() : []), false);
  }

  #slotWords(): readonly (string | undefined)[] {
    const { slots, codes } = this.#sorted;
    return slots.words.map((code) => (code === undefined ? undefined : codes.words[code]));
  }

  color(item: number): string | null {
    return this.#palette[this.#sorted.bucket[item]!] ?? null;
  }

  unknown(item: number): boolean {
    return this.#sorted.bucket[item] === UNKNOWN;
  }

  text(item: number): string {
    const { only, codes } = this.#sorted;
    const word = only[item]!;
    if (word >= 0) return codes.words[word]!;
    const first = word === SEVERAL ? mostFrequent(this.#sorted.counts, item) : OTHER;
    const share = this.shares(item).find(({ color }) => color === this.#palette[first]);
    return share ? `${share.text} ${format.percent(share.share)}` : format.UNKNOWN;
  }

  shares(item: number): readonly ColorShare[] {
    const { counts, slots, codes, only } = this.#sorted;
    if (only[item] !== SEVERAL) return [];
    const own = counts.subarray(item * WIDTH, (item + 1) * WIDTH);
    const total = own.reduce((sum, count) => sum + count, 0);
    const shares: ColorShare[] = [];
    own.forEach((count, slot) => {
      const code = slots.words[slot];
      const text = slot === OTHER || code === undefined ? "others" : codes.words[code]!;
      if (count > 0) shares.push({ text, color: this.#palette[slot]!, share: count / total });
    });
    return shares.sort((a, b) => b.share - a.share);
  }

  themed(dark: boolean): Coloring {
    if (dark === this.#dark) return this;
    if (!this.#other) {
      this.#other = new WordColoring(this.#sorted, dark);
      this.#other.#other = this;
    }
    return this.#other;
  }

  get legend(): WordsLegend {
    const { codes, slots, column } = this.#sorted;
    this.#legend ??= wordsLegend(column, codes, slots, this.#palette as readonly string[], "pale: mixed group");
    return this.#legend;
  }
}

function palette(dark: boolean): readonly (string | null)[] {
  const { unknown, other, card } = neutrals(dark);
  const full = [...Array.from({ length: SLOTS }, (_, slot) => distinct(slot, dark)), other];
  return [...full, ...full.map((color) => blend(color, card, PALE)), unknown, null];
}

/** Frequent words first; those that had a slot before keep it. */
export function assignSlots(codes: Codes, before: readonly (string | undefined)[]): Slots {
  const rows = new Uint32Array(codes.words.length);
  for (const code of codes.of) if (code >= 0) rows[code]! += 1;
  const present = Array.from(rows.keys()).filter((code) => rows[code]! > 0);
  const { words: text } = codes;
  present.sort((a, b) => rows[b]! - rows[a]! || (text[a]! < text[b]! ? -1 : 1));
  const chosen = present.slice(0, SLOTS);
  const words: (number | undefined)[] = Array.from({ length: SLOTS }, (_, slot) =>
    chosen.find((code) => text[code] === before[slot]),
  );
  const held = new Set(words);
  for (const code of chosen) if (!held.has(code)) words[words.indexOf(undefined)] = code;
  const of = new Uint8Array(text.length).fill(OTHER);
  words.forEach((code, slot) => {
    if (code !== undefined) of[code] = slot;
  });
  return { words, of, rows };
}

function sortItems(model: GraphModel, column: Column, codes: Codes, before: readonly (string | undefined)[]): Sorted {
  const slots = assignSlots(codes, before);
  const { only, counts } = countWords(model, codes, slots);
  const { tree } = model;
  const bucket = new Uint8Array(tree.kind.length).fill(NONE);
  tree.kind.forEach((kind, item) => {
    if (kind !== OP && !model.isGroup(item)) return;
    const word = only[item]!;
    if (word === NO_WORD) bucket[item] = UNKNOWN;
    else if (word === SEVERAL) bucket[item] = WIDTH + mostFrequent(counts, item);
    else bucket[item] = slots.of[word]!;
  });
  return { column, codes, slots, bucket, only, counts };
}

/** The slot of the most frequent word that has a colour of its own; the others together say little. */
function mostFrequent(counts: Float64Array, item: number): number {
  const own = counts.subarray(item * WIDTH, item * WIDTH + OTHER);
  let most = 0;
  for (let slot = 1; slot < own.length; slot += 1) if (own[slot]! > own[most]!) most = slot;
  return own[most]! > 0 ? most : OTHER;
}

function countWords(model: GraphModel, codes: Codes, slots: Slots): { only: Int32Array; counts: Float64Array } {
  const items = model.tree.kind.length;
  const only = new Int32Array(items).fill(NO_WORD);
  const counts = new Float64Array(items * WIDTH);
  // Of a block of weights the small ones, norms and biases, are as many as the large ones that it is about.
  const sizes = model.doc.holds === "weights" ? model.doc.ops.numeric("weight_bytes") : undefined;
  const join = (item: number, word: number): void => {
    if (word !== NO_WORD) only[item] = only[item] === NO_WORD || only[item] === word ? word : SEVERAL;
  };
  const take = (item: number, op: number): void => {
    const word = codes.of[op] ?? NO_WORD;
    join(item, word);
    if (word !== NO_WORD) counts[item * WIDTH + slots.of[word]!]! += sizes ? (sizes.at(op) ?? 0) : 1;
  };
  insideOut(model, take, (group, part) => {
    join(group, only[part]!);
    for (let slot = 0; slot < WIDTH; slot += 1) counts[group * WIDTH + slot]! += counts[part * WIDTH + slot]!;
  });
  return { only, counts };
}

/** What a legend says about the rows of a column of words. */
export function wordsLegend(
  column: Column,
  codes: Codes,
  slots: Slots,
  colors: readonly string[],
  note: string,
): WordsLegend {
  const entries: WordEntry[] = [];
  let known = 0;
  slots.words.forEach((code, slot) => {
    if (code === undefined) return;
    const key = codes.keys[code]!;
    const query = key === "" ? "" : wordTerm(column.info.name, key);
    entries.push({ text: codes.words[code]!, color: colors[slot]!, rows: slots.rows[code]!, query });
  });
  entries.sort((a, b) => b.rows - a.rows);
  for (const rows of slots.rows) known += rows;
  const listed = entries.reduce((sum, entry) => sum + entry.rows, 0);
  const words = slots.rows.reduce((sum, rows) => sum + (rows > 0 ? 1 : 0), 0) - entries.length;
  return {
    kind: "words",
    ordered: false,
    entries,
    others: { words, rows: known - listed, color: colors[OTHER]! },
    unknown: codes.of.length - known,
    none: "unknown",
    note: entries.length > 1 ? note : "",
  };
}
