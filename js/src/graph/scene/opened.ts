/** What is open, as addresses. An instance stands for its run turned to it; a run for all its instances in a row. */

import { addressOf, itemAt } from "../model/address.js";
import type { GraphModel } from "../model/graph-model.js";
import { RUN } from "../model/tree.js";
import { ALL, type Expansion } from "./expansion.js";

/** The open groups on show, outermost first. */
export function openedAddresses(model: GraphModel, expansion: Expansion): string[] {
  return expansion.shownGroups().map((item) => addressOf(model, expansion.shown(item)));
}

/** Opens just what the addresses name; those that this model has not are passed over. */
export function openAddresses(model: GraphModel, expansion: Expansion, addresses: readonly string[]): void {
  const { kind, parent, children } = model.tree;
  const items = addresses.map((address) => itemAt(model, address)).filter((item) => item > 0 && model.isGroup(item));
  expansion.closeAll();
  for (const item of items) {
    expansion.open(item);
    if (kind[item] === RUN) expansion.setInstance(item, ALL);
  }
  for (const item of items) {
    const run = parent[item]!;
    if (kind[run] !== RUN || (expansion.isOpen(run) && expansion.instance(run) === ALL)) continue;
    expansion.open(run);
    expansion.setInstance(run, children[run]!.indexOf(item));
  }
}
