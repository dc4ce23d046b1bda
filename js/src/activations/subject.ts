import type { Pictured } from "./panel.js";
import type { Side, Subject } from "./source.js";

/** The tensor that tiles are asked of. The mean is the same whichever sample is chosen. */
export function subjectOf({ doc, row, sample, against, mean, which }: Pictured): Subject {
  return { tensor: doc.tensorOf(row), sample: mean ? 0 : sample, against, mean, ...(which && { which }) };
}

/** Whether two look at the same values. */
export function sameSubject(a: Pictured | null, b: Pictured): boolean {
  if (a?.doc !== b.doc || a.row !== b.row) return false;
  const [before, now] = [subjectOf(a), subjectOf(b)];
  const { sample, against, mean, which } = before;
  return sample === now.sample && against === now.against && mean === now.mean && which === now.which;
}

/** Who has the same colours; null: nobody. */
export function partnerOf({ which }: Pictured): Side | null {
  if (which === "float") return "variant";
  return which === "variant" ? "float" : null;
}

/** Whether values are differences, of two samples or of two models. */
export function isDifference({ against, which }: Pictured): boolean {
  return against !== null || which === "difference" || which === "local";
}
