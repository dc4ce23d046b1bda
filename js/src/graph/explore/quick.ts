/** Filters that a report offers by itself, each with its query. */

import type { GraphModel } from "../model/graph-model.js";
import { bottleneck } from "./bottleneck.js";
import { NARROW } from "./questions.js";
import { searchOps } from "./search.js";

export interface QuickFilter {
  readonly label: string;
  readonly query: string;
  /** How many ops answer. */
  readonly count: number;
  readonly title: string;
}

/** Only those that tell some ops from others. */
export function quickFilters(model: GraphModel): QuickFilter[] {
  const offers = [
    { label: "Bottlenecks", query: "is:bottleneck", title: bottleneckTitle(model) },
    {
      label: narrowLabel(model),
      query: "is:quantized",
      title: "Computes in, or holds weights of, eight bits or fewer",
    },
    { label: "With findings", query: "has:finding", title: "Ops that a finding of this report names" },
  ];
  return offers
    .map((offer) => ({ ...offer, count: searchOps(model, offer.query).ops?.length ?? 0 }))
    .filter(({ count }) => count > 0 && count < model.doc.ops.rows);
}

function bottleneckTitle(model: GraphModel): string {
  const { column } = bottleneck(model.doc);
  const timed = column?.info.name === "estimated_us";
  const what = timed ? "estimated time" : "FLOPs (there is no time estimate: choose a device to get one)";
  return `The fewest ops that together take 80 % of the ${what}`;
}

/** `INT8` where that is all there is. */
function narrowLabel(model: GraphModel): string {
  const seen = new Set<string>();
  for (const name of ["precision", "weight_precision"]) {
    for (const word of model.doc.ops.text(name)?.dictionary ?? []) if (NARROW.test(word)) seen.add(word);
  }
  return seen.size === 1 ? [...seen][0]!.toUpperCase() : "Low precision";
}
