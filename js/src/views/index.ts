/** The report and its parts, free of any host page. */

import type { Draw } from "../data/index.js";
import { ReportView } from "./report.js";

export { HardwarePicker, type HardwarePickerOptions } from "./hardware-picker.js";
export { findProfile, PROFILES } from "./profiles.js";

/** Draw a report into an element; the result takes it away again. */
export const draw: Draw = (element, host) => {
  const report = new ReportView(host);
  element.append(report.node());
  return () => report.dispose();
};
