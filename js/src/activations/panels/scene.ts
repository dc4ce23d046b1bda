/** What the panels need of the view around them. */

import type { ReportDocument } from "../../data/index.js";
import type { Tooltip } from "../../views/tooltip.js";
import type { PanelContext } from "../panel.js";

export interface PanelScene extends PanelContext {
  readonly report: ReportDocument;
  readonly tooltip: Tooltip;
  /** Selects ops in every view. */
  select(ops: readonly number[]): void;
  /** Brings a tab to the front. */
  show(tab: string): void;
  /** Shows a row of the report's tensor table. */
  pick(tensor: number): void;
}

export function opName(report: ReportDocument, op: number): string {
  return report.ops.text("name")?.at(op) || (op < 0 ? "" : `op ${op}`);
}

export function opType(report: ReportDocument, op: number): string {
  return report.ops.text("type")?.at(op) ?? "";
}

export function tensorName(report: ReportDocument, tensor: number): string {
  return report.tensors.text("name")?.at(tensor) || `tensor ${tensor}`;
}
