import type { Host, ReportDocument } from "../data/index.js";
import type { OpTensors } from "./op-tensors.js";
import type { Tooltip } from "./tooltip.js";

/** What a tab shows. It lives as long as the report and is updated in place. */
export interface View {
  node(): HTMLElement;
  update(report: ReportDocument): void;
  select(ops: readonly number[]): void;
  dispose(): void;
}

/** What views share: the report of the moment and the ways out of a view. */
export interface Scene {
  readonly host: Host;
  readonly tooltip: Tooltip;
  readonly report: ReportDocument;
  readonly tensors: OpTensors;
  /** Whether somebody selected since this was drawn: until then it shows a state that was kept. */
  readonly picked: boolean;
  /** Select op rows in every view. */
  select(ops: readonly number[]): void;
  /** Bring a tab to the front. */
  show(tab: string): void;
  /** Whether there are tabs beside the graph. */
  readonly tabs: boolean;
  /** Tell the reader in a line. */
  say(text: string): void;
}
