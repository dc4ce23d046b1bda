/** How items differ from their counterparts in another model, from the op column `change` that a comparison adds. */

import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";

export type Change = "added" | "removed" | "changed";

const CHANGES: readonly Change[] = ["added", "removed", "changed"];

/** null for a model that was compared with none. */
export function changesIn(model: GraphModel): ((item: number) => Change | null) | null {
  const column = model.doc.ops.text("change");
  if (!column) return null;
  const sums = CHANGES.map((change) => countLeaves(model, column.dictionary.indexOf(change), column.codes));
  return (item) => changeOf(model, sums, item);
}

/** Leaves with one of the words, as prefix sums. */
function countLeaves(model: GraphModel, code: number, codes: Uint32Array): Int32Array {
  const { itemOf, kind, ref } = model.tree;
  const sums = new Int32Array(itemOf.length + 1);
  for (let leaf = 0; leaf < itemOf.length; leaf += 1) {
    const item = itemOf[leaf]!;
    const counts = code >= 0 && kind[item] === OP && codes[ref[item]!] === code ? 1 : 0;
    sums[leaf + 1] = sums[leaf]! + counts;
  }
  return sums;
}

/** A group of which all is new is new; one with anything in it that differs is changed. */
function changeOf(model: GraphModel, sums: readonly Int32Array[], item: number): Change | null {
  const [lo, hi] = [model.tree.lo[item]!, model.tree.hi[item]!];
  const counts = sums.map((sum) => sum[hi]! - sum[lo]!);
  const whole = counts.indexOf(hi - lo);
  if (whole >= 0 && hi > lo) return CHANGES[whole]!;
  return counts.some((count) => count > 0) ? "changed" : null;
}
