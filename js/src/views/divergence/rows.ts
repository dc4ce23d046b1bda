/** Which compared tensors belong to what is selected. */

import type { DivergenceDocument } from "../../data/divergence.js";

/** Tensors to choose from; a whole model may be selected. */
const MOST_ROWS = 500;

export interface ComparedRows {
  /** Rows of the comparison to choose from. */
  readonly rows: readonly number[];
  /** The one to show; -1: none was compared. */
  readonly row: number;
}

/** The tensors that the selected ops make: of one op the first is shown, of several the one with the largest error made. */
export function comparedRows(doc: DivergenceDocument, ops: readonly number[], tensor: number): ComparedRows {
  const asked = tensor < 0 ? -1 : doc.rowOfTensor(tensor);
  if (ops.length === 0) return { rows: asked < 0 ? [] : [asked], row: asked };
  const all = [...new Set(ops.flatMap((op) => [...doc.rowsOfOp(op)]))].sort((a, b) => a - b);
  const worst = all.reduce((found, row) => (made(doc, row) > made(doc, found) ? row : found), all[0] ?? -1);
  const rows = all.length > MOST_ROWS ? all.filter((row) => row === worst || row >= all.at(-MOST_ROWS)!) : all;
  return { rows, row: rows.includes(asked) ? asked : ((ops.length === 1 ? all[0] : worst) ?? -1) };
}

function made(doc: DivergenceDocument, row: number): number {
  return doc.noise(row, "local") ?? -1;
}
