import type { ReportDocument } from "../../data/index.js";
import type { TableColumn } from "./columns.js";

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** In place of a category: every op but those whose result is known before the run. */
export const COMPUTING = "*computing";

/** Rows whose text has every word of the filter, and which are of the category if one is given. */
export class RowFilter {
  #report: ReportDocument;
  #texts: string[] | null = null;
  #columns: readonly TableColumn[];

  constructor(report: ReportDocument, columns: readonly TableColumn[]) {
    this.#report = report;
    this.#columns = columns.filter(({ id }) => id === "name" || id === "type" || id === "scope");
  }

  rows(text: string, category: string): Uint32Array {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const categories = this.#report.ops.text("category");
    const constants = category === COMPUTING ? constantOps(this.#report) : null;
    const kept: number[] = [];
    for (let row = 0; row < this.#report.ops.rows; row += 1) {
      if (constants ? constants[row] === 1 : category !== "" && categories?.at(row) !== category) continue;
      if (words.length > 0 && !this.#matches(row, words)) continue;
      kept.push(row);
    }
    return Uint32Array.from(kept);
  }

  #matches(row: number, words: readonly string[]): boolean {
    this.#texts ??= Array.from({ length: this.#report.ops.rows }, (_, at) => this.#text(at));
    const text = this.#texts[row] ?? "";
    return words.every((word) => text.includes(word));
  }

  #text(row: number): string {
    return this.#columns
      .map((column) => column.text(row))
      .join("\n")
      .toLowerCase();
  }
}

/** Marks Constant nodes, generated weights and shape arithmetic. */
export function constantOps(report: ReportDocument): Uint8Array {
  const categories = report.ops.text("category");
  const constant = categories?.dictionary.indexOf("constant") ?? -1;
  const folded = report.ops.numeric("folded")?.values;
  return Uint8Array.from({ length: report.ops.rows }, (_, row) =>
    folded?.[row] === 1 || (constant >= 0 && categories?.codes[row] === constant) ? 1 : 0,
  );
}

/** Order rows by a column in place; unknown values come last either way, ties keep the execution order. */
export function sortRows(rows: Uint32Array, column: TableColumn | undefined, descending: boolean): Uint32Array {
  if (!column) return rows.sort();
  return column.numeric ? byNumber(rows, column, descending) : byText(rows, column, descending);
}

function byNumber(rows: Uint32Array, column: TableColumn, descending: boolean): Uint32Array {
  const keys = keyed(rows, (row) => column.value(row) as number | null);
  const sign = descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [keys.get(a) ?? null, keys.get(b) ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
    return sign * compare(x, y) || a - b;
  });
}

function byText(rows: Uint32Array, column: TableColumn, descending: boolean): Uint32Array {
  const keys = keyed(rows, (row) => column.text(row));
  const words = [...new Set(keys.values())].sort(new Intl.Collator("en", { numeric: true }).compare);
  const rank = new Map(words.map((word, at) => [word, word === "" ? words.length : descending ? -at : at]));
  return rows.sort((a, b) => compare(rank.get(keys.get(a) ?? "") ?? 0, rank.get(keys.get(b) ?? "") ?? 0) || a - b);
}

function keyed<T>(rows: Uint32Array, key: (row: number) => T): Map<number, T> {
  const keys = new Map<number, T>();
  for (const row of rows) keys.set(row, key(row));
  return keys;
}

/** Unlike a difference, right for two infinities. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
