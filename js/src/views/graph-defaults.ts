/** What a graph of weights or engine layers is coloured and sized by until its reader chooses. */

import type { Host, ReportDocument } from "../data/index.js";

interface Look {
  readonly color: readonly string[];
  readonly size: readonly string[];
}

const LOOKS: Readonly<Record<string, Look>> = {
  weights: { color: ["weight_precision"], size: ["weight_bytes"] },
  layers: { color: ["precision"], size: ["measured_us"] },
  // A graph with the times of its engine.
  ops: { color: ["engine_us"], size: [] },
};

/** Sets the look of a report whose host has none. Once a reader chose one, it stays. */
export function setFirstLook(host: Host, report: ReportDocument): void {
  if (host.get("color") || host.get("size") || host.get("edge_color") || host.get("camera")) return;
  const look = LOOKS[report.holds];
  const known = (names: readonly string[] = []): string => names.find((name) => hasValues(report, name)) ?? "";
  for (const name of ["color", "size"] as const) {
    const column = known(look?.[name]);
    if (column) host.set(name, column);
  }
}

function hasValues(report: ReportDocument, name: string): boolean {
  const column = report.column(name);
  if (!column) return false;
  for (let row = 0; row < column.length; row += 1) if (column.at(row) !== null) return true;
  return false;
}
