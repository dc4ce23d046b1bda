import type { GapInfo, ReportDocument } from "../data/index.js";

/** The gap that every checkpoint has, which the header says in a line of its own. */
export function quietGap(report: ReportDocument): GapInfo | undefined {
  if (report.holds !== "weights") return undefined;
  return report.header.gaps.find(({ what, ops }) => ops.length === 0 && /\bno ops\b/.test(what));
}
