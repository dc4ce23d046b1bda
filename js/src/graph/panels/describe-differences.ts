/** In what the instances of a run differ, in words. */

import { differences } from "../model/differences.js";
import { RUN } from "../model/tree.js";
import type { Session } from "../scene/session.js";
import type { Fact } from "./describe.js";

/** More numbers than this are not listed one by one. */
const MOST_LISTED = 8;

export function differenceFacts({ model, expansion }: Session, item: number): Fact[] {
  if (model.tree.kind[item] !== RUN) return [];
  const all = differences(model, item);
  if (all.length === 0) return [];
  const listed = all.slice(0, MOST_LISTED).map(({ instance }) => String(instance + 1));
  const more = all.length > MOST_LISTED ? ["…"] : [];
  const shown = all.find(({ instance }) => instance === expansion.instance(item));
  const what = shown?.what.map(({ label, first, here }) => ({
    label: `≠ ${label}`,
    value: `${here}; first: ${first}`,
  }));
  return [
    {
      label: "≠ first",
      value: `${all.length} of ${model.tree.children[item]!.length}: ${[...listed, ...more].join(", ")}`,
    },
    ...(what ?? []),
    ...(shown && shown.more > 0 ? [{ label: "≠", value: `and ${shown.more} more` }] : []),
  ];
}
