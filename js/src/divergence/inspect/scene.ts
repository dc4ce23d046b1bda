/** What the inspection of an op needs of the view around it, and what it is told to show. */

import type { PanelContext } from "../../activations/panel.js";
import type { DivergenceDocument, Plan, ReportDocument } from "../../data/index.js";
import type { Tooltip } from "../../views/tooltip.js";
import type { InspectSettings } from "./settings.js";

export const INSPECT_TABS = [
  { id: "values", label: "Values" },
  { id: "distribution", label: "Distribution" },
  { id: "advice", label: "Advice" },
] as const;

export interface InspectScene extends Omit<PanelContext, "change"> {
  readonly tooltip: Tooltip;
  change(settings: Partial<InspectSettings>): void;
  /** Selects ops of the float report in every view. */
  select(ops: readonly number[]): void;
  /** Shows a row of the float report's tensor table. */
  pick(tensor: number): void;
  chooseSample(sample: number): void;
  /** Writes what is to be kept float or 16-bit. */
  setPlan(plan: Plan): void;
  /** Brings a tab of the inspection to the front; which one it is comes back as `Inspected.tab`. */
  showTab(tab: string): void;
}

export interface Inspected {
  readonly document: ReportDocument;
  readonly divergence: DivergenceDocument;
  /** Row of the divergence table; -1: what is selected was not compared. */
  readonly row: number;
  /** Rows to choose from, where what is selected makes several tensors. */
  readonly rows?: readonly number[];
  /** The selected ops of the float report; of them the row is one. */
  readonly ops: readonly number[];
  readonly sample: number;
  readonly settings: InspectSettings;
  readonly plan: Plan;
  readonly tab: string;
}
