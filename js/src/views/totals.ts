import type { ReportDocument } from "../data/index.js";

export interface Group {
  readonly name: string;
  readonly value: number;
  readonly ops: number[];
}

/** Sum of an op column by the words of another, largest first. Rows of unknown value add nothing. */
export function sumBy(report: ReportDocument, by: string, column: string): Group[] {
  const names = report.ops.text(by);
  const values = report.ops.numeric(column);
  if (!names || !values) return [];
  const groups = new Map<string, { value: number; ops: number[] }>();
  for (let row = 0; row < report.ops.rows; row += 1) {
    const name = names.at(row) || "other";
    const group = groups.get(name) ?? { value: 0, ops: [] };
    group.value += values.at(row) ?? 0;
    group.ops.push(row);
    groups.set(name, group);
  }
  const list = [...groups].map(([name, group]) => ({ name, ...group }));
  return list.sort((a, b) => b.value - a.value);
}

/** The rows of the largest known values of a column, largest first. */
export function largest(report: ReportDocument, column: string, amount: number): number[] {
  const values = report.ops.numeric(column);
  if (!values) return [];
  const rows = Array.from({ length: report.ops.rows }, (_, row) => row).filter((row) => (values.at(row) ?? 0) > 0);
  return rows.sort((a, b) => (values.at(b) ?? 0) - (values.at(a) ?? 0)).slice(0, amount);
}

/** Largest known value of a column, 0 where there is none. */
export function maximum(values: ArrayLike<number>): number {
  let most = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (value > most) most = value;
  }
  return most;
}
