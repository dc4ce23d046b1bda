/** The ops that differ between two models, in the order in which the models run. */

import type { ReportDocument } from "../../data/index.js";
import { counterpartRows } from "./counterparts.js";

export interface Difference {
  /** 0: an op of the first model; 1: one that only the second has. */
  readonly side: 0 | 1;
  readonly op: number;
}

/** An added op comes where the second model runs it: after the counterpart of what runs before it there. */
export function listDifferences(first: ReportDocument, second: ReportDocument): Difference[] {
  const [mine, others] = [first.ops.text("change"), second.ops.text("change")];
  if (!mine || !others) return [];
  const back = counterpartRows(second);
  const found: (Difference & { readonly order: number })[] = [];
  for (let op = 0; op < first.ops.rows; op += 1) {
    const change = mine.at(op);
    if (change === "changed" || change === "removed") found.push({ side: 0, op, order: op });
  }
  let before = -1;
  for (let op = 0; op < second.ops.rows; op += 1) {
    if (back[op]! >= 0) before = back[op]!;
    else if (others.at(op) === "added") found.push({ side: 1, op, order: before + 0.5 });
  }
  return found.sort((a, b) => a.order - b.order || a.side - b.side || a.op - b.op);
}
