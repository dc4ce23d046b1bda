/** What the parts of the comparison need of the view around them. */

import type { DivergenceDocument } from "../data/divergence.js";
import type { ReportDocument } from "../data/index.js";
import type { Tooltip } from "../views/tooltip.js";

export interface CompareScene {
  /** The float model's; the variant's is its `other`. */
  readonly report: ReportDocument;
  readonly tooltip: Tooltip;
  /** Selects ops of the float report in every view. */
  select(ops: readonly number[]): void;
  /** Tells the reader in a line. */
  say(text: string): void;
}

/** A part that shows a comparison; it is updated in place and lives as long as the view. */
export interface ComparePart {
  node(): HTMLElement;
  update(doc: DivergenceDocument): void;
  dispose(): void;
}
