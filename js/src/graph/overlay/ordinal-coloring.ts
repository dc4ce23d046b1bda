/** Colours by rank: words in an order of their own, of which a group shows the greatest (or least). */

import type { Column } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";
import type { Codes } from "./codes.js";
import type { Coloring, ColorShare } from "./coloring.js";
import { insideOut } from "./inside-out.js";
import type { WordsLegend } from "./legend.js";
import { wordTerm } from "./query-text.js";
import { neutrals, ordered } from "./words-palette.js";

const NO_WORD = -1;
/** More ranks than this are not told apart, nor read in a legend. */
const MOST_LISTED = 12;
const NO_SHARES: readonly ColorShare[] = [];

interface Ranked {
  readonly model: GraphModel;
  readonly column: Column;
  readonly codes: Codes;
  /** Per item a code, or `NO_WORD`. */
  readonly rank: Int32Array;
}

export class OrdinalColoring implements Coloring {
  readonly column: Column;
  readonly #ranked: Ranked;
  readonly #dark: boolean;
  readonly #colors: readonly string[];
  readonly #unknown: string;
  #other: OrdinalColoring | null = null;
  #legend: WordsLegend | null = null;

  private constructor(ranked: Ranked, dark: boolean) {
    this.#ranked = ranked;
    this.#dark = dark;
    this.column = ranked.column;
    this.#colors = ordered(ranked.codes.words);
    this.#unknown = neutrals(dark).unknown;
  }

  static of(model: GraphModel, column: Column, codes: Codes): OrdinalColoring {
    return new OrdinalColoring(rankItems(model, column, codes), false);
  }

  color(item: number): string | null {
    const { rank, model } = this.#ranked;
    const word = rank[item]!;
    if (word >= 0) return this.#colors[word]!;
    return model.tree.kind[item] === OP || model.isGroup(item) ? this.#unknown : null;
  }

  /** To have no rank is an answer: nothing was found. */
  unknown(): boolean {
    return false;
  }

  text(item: number): string {
    const { rank, codes } = this.#ranked;
    return codes.words[rank[item]!] ?? "none";
  }

  shares(): readonly ColorShare[] {
    return NO_SHARES;
  }

  themed(dark: boolean): Coloring {
    if (dark === this.#dark) return this;
    if (!this.#other) {
      this.#other = new OrdinalColoring(this.#ranked, dark);
      this.#other.#other = this;
    }
    return this.#other;
  }

  get legend(): WordsLegend {
    this.#legend ??= rankLegend(this.#ranked, this.#colors, neutrals(this.#dark).other);
    return this.#legend;
  }
}

function rankItems(model: GraphModel, column: Column, codes: Codes): Ranked {
  const how = column.info.aggregate;
  const rank = new Int32Array(model.tree.kind.length).fill(NO_WORD);
  const join = (item: number, word: number): void => {
    const before = rank[item]!;
    if (before === NO_WORD) rank[item] = word;
    else if (word !== NO_WORD) rank[item] = how === "min" ? Math.min(before, word) : Math.max(before, word);
  };
  const take = (item: number, op: number): void => join(item, codes.of[op] ?? NO_WORD);
  insideOut(model, take, (group, part) => join(group, rank[part]!));
  if (how !== null) return { model, column, codes, rank };
  return { model, column, codes, rank: rank.map((word, item) => (model.isGroup(item) ? NO_WORD : word)) };
}

/** The greatest first, as it matters most. */
function rankLegend({ column, codes }: Ranked, colors: readonly string[], other: string): WordsLegend {
  const rows = new Uint32Array(codes.words.length);
  for (const code of codes.of) if (code >= 0) rows[code]! += 1;
  const known = rows.reduce((sum, count) => sum + count, 0);
  const entries = codes.words.map((text, code) => ({
    text,
    color: colors[code]!,
    rows: rows[code]!,
    query: codes.keys[code] === "" ? "" : wordTerm(column.info.name, codes.keys[code]!),
  }));
  const least = column.info.aggregate === "min";
  if (!least) entries.reverse();
  const listed = entries.slice(0, MOST_LISTED);
  const rest = entries.slice(MOST_LISTED);
  return {
    kind: "words",
    ordered: true,
    entries: listed,
    others: { words: rest.length, rows: rest.reduce((sum, entry) => sum + entry.rows, 0), color: other },
    unknown: codes.of.length - known,
    none: "none",
    note: column.info.aggregate === null ? "" : `groups show the ${least ? "least" : "greatest"}`,
  };
}
