/** The blocks of a model as stretches of the chart along its depth. */

import type { DivergenceDocument } from "../../data/divergence.js";
import type { ReportDocument } from "../../data/index.js";
import { label } from "../../views/charts/frame.js";
import { blocks } from "./blocks.js";

export interface Band {
  readonly name: string;
  /** Rows of the comparison. */
  readonly start: number;
  readonly stop: number;
}

/** Pixels of a letter, about. */
const LETTER = 6.2;

/** Stretches of rows of one block; a block that is left and comes again has several. */
export function bands(doc: DivergenceDocument, report: ReportDocument): Band[] {
  const groups = blocks(doc, report, 16);
  if (groups.length < 2) return [];
  const owner = new Int32Array(doc.tensors.rows);
  for (const [at, { rows }] of groups.entries()) for (const row of rows) owner[row] = at;
  const found: Band[] = [];
  for (let start = 0, stop = 0; start < owner.length; start = stop) {
    while (stop < owner.length && owner[stop] === owner[start]) stop += 1;
    found.push({ name: groups[owner[start]!]!.name, start, stop });
  }
  return found;
}

/** Names below the chart, where there is room for the whole of one. */
export function bandLabels(list: readonly Band[], x: (place: number) => number, y: number): SVGElement[] {
  return list.flatMap(({ name, start, stop }) => {
    const room = x(stop) - x(start);
    return name.length * LETTER + 6 > room ? [] : [label((x(start) + x(stop)) / 2, y, name, "middle")];
  });
}
