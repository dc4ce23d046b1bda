/** The report and its parts, free of any host page. */

import type { Draw, Host } from "../data/index.js";
import { ActivationsView } from "./activations/view.js";
import { DivergenceView } from "./divergence/view.js";
import { GraphCell } from "./graph-cell.js";
import type { HostView } from "./host-view.js";
import { ReportView } from "./report.js";

export { HardwarePicker, type HardwarePickerOptions } from "./hardware-picker.js";
export { findProfile, PROFILES } from "./profiles.js";

/** The views by the name a host gives; a report where it gives none. */
const VIEWS: Readonly<Record<string, new (host: Host) => HostView>> = {
  report: ReportView,
  graph: GraphCell,
  activations: ActivationsView,
  divergence: DivergenceView,
};

/** Draw what a host holds into an element; the result takes it away again. */
export const draw: Draw = (element, host) => {
  const View = VIEWS[host.get("view") ?? ""] ?? ReportView;
  const view = new View(host);
  element.append(view.node());
  return () => view.dispose();
};
