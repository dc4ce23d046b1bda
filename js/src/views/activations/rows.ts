/** Which tensors belong to what is selected. */

import type { ActivationsDocument } from "../../data/activations.js";

/** Tensors to choose from; a whole model may be selected. */
const MOST_ROWS = 500;

export interface Candidates {
  /** Rows of the document to choose from. */
  readonly rows: readonly number[];
  /** The one to show; -1: none was captured. */
  readonly row: number;
}

/** The tensors that the selected ops make: of one op the first is shown, of several what comes out at the end. */
export function candidates(doc: ActivationsDocument, ops: readonly number[], tensor: number): Candidates {
  const asked = tensor < 0 ? -1 : doc.rowOfTensor(tensor);
  if (ops.length === 0) return { rows: asked < 0 ? [] : [asked], row: asked };
  const all = [...new Set(ops.flatMap((op) => [...doc.rowsOfOp(op)]))].sort((a, b) => a - b);
  const rows = all.slice(-MOST_ROWS);
  const usual = (ops.length === 1 ? rows[0] : rows.at(-1)) ?? -1;
  return { rows, row: rows.includes(asked) ? asked : usual };
}
