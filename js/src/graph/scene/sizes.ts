/**
 * Sizes of closed items in world units. They follow from type and kind alone, never from a name: instances of one
 * block must come out equal, or their layout could not be shared.
 */

import type { GraphModel } from "../model/graph-model.js";
import { INPUT, OP, OUTPUT } from "../model/tree.js";

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
const GROUP_SIZE: Size = { w: 196, h: 62 };
const PORT_SIZE: Size = { w: 152, h: 40 };

export function closedSize(model: GraphModel, item: number): Size {
  const kind = model.tree.kind[item];
  if (kind === INPUT || kind === OUTPUT) return PORT_SIZE;
  if (kind !== OP) return GROUP_SIZE;
  const letters = model.labels.title(item).length;
  return { w: Math.max(116, Math.min(190, 52 + 7.4 * letters)), h: OP_HEIGHT };
}
