/** The fewest ops that together take most of the time. */

import { NumericColumn, type ReportDocument } from "../../data/index.js";

const MOST_OF_IT = 0.8;

export interface Bottleneck {
  /** Dearest first. */
  readonly ops: readonly number[];
  /** What was counted: the estimated time, or FLOPs where there is no estimate; null where both are unknown. */
  readonly column: NumericColumn | null;
}

const known = new WeakMap<ReportDocument, Bottleneck>();

export function bottleneck(doc: ReportDocument): Bottleneck {
  let found = known.get(doc);
  if (!found) {
    found = find(doc);
    known.set(doc, found);
  }
  return found;
}

function find(doc: ReportDocument): Bottleneck {
  for (const name of ["estimated_us", "flops"]) {
    const column = doc.column(name);
    const ops = column instanceof NumericColumn ? dearest(column) : [];
    if (column instanceof NumericColumn && ops.length > 0) return { ops, column };
  }
  return { ops: [], column: null };
}

function dearest(column: NumericColumn): number[] {
  const { values } = column;
  const costly: number[] = [];
  let total = 0;
  for (let op = 0; op < values.length; op += 1) {
    if (!(values[op]! > 0)) continue;
    costly.push(op);
    total += values[op]!;
  }
  costly.sort((a, b) => values[b]! - values[a]! || a - b);
  let sum = 0;
  const count = costly.findIndex((op) => {
    sum += values[op]!;
    return sum >= MOST_OF_IT * total;
  });
  return costly.slice(0, count + 1);
}
