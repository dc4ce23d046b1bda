/**
 * Sizes of closed items in world units. As long as no column decides, they follow from type and kind alone, never from
 * a name: instances of one block must come out equal, or their layout could not be shared.
 */

import type { GraphModel } from "../model/graph-model.js";
import { INPUT, OP, OUTPUT } from "../model/tree.js";
import type { Aggregator } from "../overlay/aggregate.js";

export interface Size {
  readonly w: number;
  readonly h: number;
}

export const FRAME = {
  /** Room around the content of an open group. */
  pad: 18,
  title: 30,
  /** Between the border and the first or last rank. */
  inner: 10,
} as const;

const OP_HEIGHT = 42;
/** Its title is a name. */
const WEIGHT_SIZE: Size = { w: 190, h: OP_HEIGHT };
const GROUP_SIZE: Size = { w: 196, h: 62 };
const PORT_SIZE: Size = { w: 152, h: 40 };

export function closedSize(model: GraphModel, item: number): Size {
  const kind = model.tree.kind[item];
  if (kind === INPUT || kind === OUTPUT) return PORT_SIZE;
  if (kind !== OP) return GROUP_SIZE;
  if (model.doc.holds === "weights") return WEIGHT_SIZE;
  const letters = model.labels.title(item).length;
  return { w: Math.max(116, Math.min(190, 52 + 7.4 * letters)), h: OP_HEIGHT };
}

/** Sides by a column are this many times the usual ones, at least and at most; between them in steps. */
const LEAST = 0.8;
const MOST = 2.2;
const STEP = 0.1;
/** What the words on a card need. */
const TEXT: Size = { w: 100, h: 36 };
const GROUP_TEXT: Size = { w: 160, h: 60 };

/**
 * Sizes by a column: the area of a closed op or group grows with its value, the largest op and the largest group having
 * the largest size. Sides come in few steps, so that most instances of one block still share a layout.
 */
export function columnSizing(model: GraphModel, aggregator: Aggregator): (item: number) => Size {
  const [ops, groups] = largest(model, aggregator);
  return (item) => {
    const usual = closedSize(model, item);
    const op = model.tree.kind[item] === OP;
    if (!op && !model.isGroup(item)) return usual;
    const factor = sideFactor(Math.abs(aggregator.value(item)), op ? ops : groups);
    const least = op ? TEXT : GROUP_TEXT;
    return { w: Math.max(least.w, usual.w * factor), h: Math.max(least.h, usual.h * factor) };
  };
}

/** An unknown value has the usual size, an infinite one the largest. */
function sideFactor(value: number, most: number): number {
  if (Number.isNaN(value)) return 1;
  const share = value === Infinity ? 1 : most > 0 ? value / most : 0;
  return LEAST + STEP * Math.round((Math.max(LEAST, MOST * Math.sqrt(share)) - LEAST) / STEP);
}

/** The largest finite amount of an op, and of a group inside the model. */
function largest(model: GraphModel, aggregator: Aggregator): readonly [number, number] {
  const { kind } = model.tree;
  let [ops, groups] = [0, 0];
  for (let item = 1; item < kind.length; item += 1) {
    const value = Math.abs(aggregator.value(item));
    if (!Number.isFinite(value)) continue;
    if (kind[item] === OP) ops = Math.max(ops, value);
    else groups = Math.max(groups, value);
  }
  return [ops, groups];
}
