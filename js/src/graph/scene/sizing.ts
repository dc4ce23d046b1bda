/** How large closed boxes are drawn, and which groups are alike in that too. */

import { innerFirst } from "../model/classes.js";
import type { GraphModel } from "../model/graph-model.js";
import { Sequences } from "../model/sequences.js";
import type { Size } from "./sizes.js";

export type Sizing = (item: number) => Size;

/** Sizes closer than this are one. */
const STEP = 1 / 64;

/** Structural classes split by the sizes of everything in a group, itself left out. */
export function sizedClasses(model: GraphModel, sizing: Sizing): Int32Array {
  const { classes, tree } = model;
  const sequences = new Sequences();
  const sized = new Int32Array(classes.length).fill(-1);
  for (const item of innerFirst(model)) {
    sequences.push(classes[item]!);
    for (const member of tree.children[item]!) {
      const { w, h } = sizing(member);
      sequences.push(Math.round(w / STEP));
      sequences.push(Math.round(h / STEP));
      if (classes[member]! >= 0) sequences.push(sized[member]!);
    }
    sized[item] = sequences.take();
  }
  return sized;
}
