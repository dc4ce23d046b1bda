/** What a view opens by itself: the groups with the most in them, outermost first, while it stays readable. */

import type { GraphModel } from "../model/graph-model.js";
import { GROUP, INPUT, OUTPUT, ROOT, RUN } from "../model/tree.js";
import type { Expansion } from "./expansion.js";

/** A default view grows until it has `ENOUGH` nodes, by steps that keep it below `MOST`. */
const ENOUGH = 9;
const MOST = 22;
/** With next to nothing on show a crowded group is better than none. */
const FEW = 3;
const MOST_AT_FIRST = 40;
/** Share of the model that a group must hold to be opened unasked. */
const WEIGHTY = 0.12;

/**
 * Repeated blocks stay closed unless there is nearly nothing else to see: `[Block ×32]` is the story. Of weights, which
 * nothing connects, it is what is in a block.
 */
export function openDefault(model: GraphModel, expansion: Expansion, weight: (item: number) => number): void {
  const { tree } = model;
  let nodes = inner(model, expansion.content(ROOT));
  while (nodes < ENOUGH) {
    const room = nodes <= FEW ? MOST_AT_FIRST : MOST;
    const behind = (item: number): number => inner(model, tree.children[expansion.shown(item)]!);
    const closed = frontier(model, expansion).filter((item) => nodes + behind(item) <= room);
    const weighty = closed.filter((item) => weight(item) >= WEIGHTY * weight(ROOT));
    const plain = weighty.filter((item) => tree.kind[item] !== RUN);
    const runs = nodes <= FEW || model.doc.holds === "weights";
    const pool = plain.length > 0 || !runs ? plain : weighty;
    if (pool.length === 0) return;
    const pick = pool.reduce((a, b) => (weight(b) > weight(a) ? b : a));
    expansion.open(pick);
    nodes += inner(model, expansion.content(pick));
  }
}

/** How many items are not model inputs or outputs. */
function inner(model: GraphModel, items: readonly number[]): number {
  const { kind } = model.tree;
  return items.filter((item) => kind[item] !== INPUT && kind[item] !== OUTPUT).length;
}

/** The closed groups on show. */
function frontier(model: GraphModel, expansion: Expansion): number[] {
  const closed: number[] = [];
  const visit = (item: number): void => {
    for (const child of expansion.content(item)) {
      if (!model.isGroup(child)) continue;
      if (expansion.isOpen(child)) visit(child);
      else if (!isLoose(model, child)) closed.push(child);
    }
  };
  visit(ROOT);
  return closed;
}

/** Loose ops were folded to be out of the way. */
function isLoose(model: GraphModel, item: number): boolean {
  const { kind, ref, owner } = model.tree;
  return kind[item] === GROUP && ref[item]! < 0 && owner[item]! < 0;
}
