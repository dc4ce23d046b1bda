import type { ReportDocument } from "../data/index.js";

const SEPARATOR = " › ";

/** Readable path of every scope row, `encoder › layer.0`; the root's is "". */
export function scopePaths(report: ReportDocument): string[] {
  const names = report.scopes.text("name");
  const paths: string[] = [];
  for (const [row, parent] of report.scopes.indices("parent").entries()) {
    const above = parent >= 0 && parent < row ? (paths[parent] ?? "") : "";
    const own = row === 0 ? "" : (names?.at(row) ?? "");
    paths.push(above && own ? above + SEPARATOR + own : above || own);
  }
  return paths;
}
