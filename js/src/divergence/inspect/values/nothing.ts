import { opName } from "../../../activations/panels/scene.js";
import type { Showing } from "../../../activations/showing.js";
import type { DivergenceDocument } from "../../../data/index.js";
import { type Child, h } from "../../../views/dom.js";
import type { Inspected } from "../scene.js";
import { readersOf } from "../upstream.js";

const NOTHING = "Nothing here was compared: select an op in the graph or the chart.";

/** Why there are no pictures, and where to look instead: what reads a tensor may have taken it up. */
export function whyNothing(inspected: Inspected, what: Showing, select: (ops: readonly number[]) => void): Child[] {
  const { document: report, divergence, row } = inspected;
  if (row < 0) return [NOTHING];
  if (what.kind === "nothing") return [what.text];
  const [op] = readersOf(report, divergence, row);
  const onclick = (): void => select([op!]);
  const link =
    op !== undefined && h("button", { type: "button", class: "hl-link", onclick }, `Inspect ${opName(report, op)}`);
  return [`${unmatchedText(divergence, row)} `, link];
}

/** Why the variant has nothing to compare with a tensor, in a sentence. */
export function unmatchedText(divergence: DivergenceDocument, row: number): string {
  const why = divergence.text(row, "why") || "nothing in it corresponds to this one";
  return `The variant has no such tensor: ${why}.`;
}
