/** From the ops and groups of one model to those of the other. */

import { NumericColumn, type ReportDocument } from "../../data/index.js";
import { addressOf, itemAt } from "../model/address.js";
import type { GraphModel } from "../model/graph-model.js";
import { ROOT } from "../model/tree.js";
import type { GraphState } from "../state.js";

/** Ops looked through for one with a counterpart; what begins with that many new ops has none worth following. */
const REACH = 2000;

/** Row of the same op in the other model, -1 without one: the op column `counterpart` of a comparison. */
export function counterpartRows(doc: ReportDocument): Int32Array {
  const column = doc.column("counterpart");
  const rows = new Int32Array(doc.ops.rows).fill(-1);
  if (!(column instanceof NumericColumn)) return rows;
  for (let op = 0; op < rows.length; op += 1) rows[op] = column.at(op) ?? -1;
  return rows;
}

export function otherOps(rows: Int32Array, ops: readonly number[]): number[] {
  return ops.flatMap((op) => ((rows[op] ?? -1) >= 0 ? [rows[op]!] : []));
}

/** An op of an item that is in the other model too, as its row there; -1 for none. */
export function representative(model: GraphModel, rows: Int32Array, item: number): number {
  const { lo, hi, itemOf, kind, ref } = model.tree;
  const stop = Math.min(hi[item]!, lo[item]! + REACH);
  for (let leaf = lo[item]!; leaf < stop; leaf += 1) {
    const inner = itemOf[leaf]!;
    const other = kind[inner] === 0 ? (rows[ref[inner]!] ?? -1) : -1;
    if (other >= 0) return other;
  }
  return -1;
}

/** The group that plays the part of `item` in the other model, -1 for none: by its name, else by what is in it. */
export function otherGroup(from: GraphModel, to: GraphModel, rows: Int32Array, item: number): number {
  const named = itemAt(to, addressOf(from, item));
  if (named > ROOT && to.isGroup(named)) return named;
  const leaves = otherOps(rows, from.opsOf(item)).flatMap((op) =>
    to.tree.leafOf[op]! >= 0 ? [to.tree.leafOf[op]!] : [],
  );
  if (leaves.length === 0) return -1;
  const [first, last] = [leaves.reduce((a, b) => Math.min(a, b)), leaves.reduce((a, b) => Math.max(a, b))];
  let at = to.tree.parent[to.tree.itemOf[first]!]!;
  while (at > ROOT && to.tree.hi[at]! <= last) at = to.tree.parent[at]!;
  return at > ROOT ? at : -1;
}

/** What a model with the columns of its engine and the engine itself call the same thing. */
const ALIASES: readonly (readonly [string, string])[] = [
  ["engine_us", "measured_us"],
  ["engine_precision", "precision"],
];

/** The column that means the same in the other model; the name itself where there is none. */
function otherColumn(to: ReportDocument, name: string): string {
  if (to.column(name)) return name;
  const pair = ALIASES.find((names) => names.includes(name));
  return pair?.find((other) => other !== name && to.column(other)) ?? name;
}

/** A state of one view in the words of the other; what the other model has not is left out. */
export function translated(
  state: Partial<GraphState>,
  from: GraphModel,
  to: GraphModel,
  rows: Int32Array,
): Partial<GraphState> {
  const { selection, expanded, focus, camera: _camera, ...same } = state;
  const address = (name: string): string[] => {
    const item = name === "" ? -1 : itemAt(from, name);
    const other = item < 0 ? -1 : otherGroup(from, to, rows, item);
    return other < 0 ? [] : [addressOf(to, other)];
  };
  return {
    ...same,
    ...(same.color && { color: otherColumn(to.doc, same.color) }),
    ...(same.size && { size: otherColumn(to.doc, same.size) }),
    ...(selection && { selection: otherOps(rows, selection) }),
    ...(expanded !== undefined && { expanded: expanded && [...new Set(expanded.flatMap(address))] }),
    ...(focus !== undefined && { focus: focus === "" ? "" : (address(focus)[0] ?? "") }),
  };
}
