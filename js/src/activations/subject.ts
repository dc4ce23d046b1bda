import type { Shown } from "./panel.js";
import type { Subject } from "./source.js";

/** The tensor that tiles are asked of. The mean is the same whichever sample is chosen. */
export function subjectOf({ doc, row, sample, against, mean }: Shown): Subject {
  return { tensor: doc.tensorOf(row), sample: mean ? 0 : sample, against, mean };
}

/** Whether two look at the same values. */
export function sameSubject(a: Shown | null, b: Shown): boolean {
  if (a?.doc !== b.doc || a.row !== b.row) return false;
  const [before, now] = [subjectOf(a), subjectOf(b)];
  return before.sample === now.sample && before.against === now.against && before.mean === now.mean;
}
