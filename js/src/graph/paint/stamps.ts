/**
 * All boxes of a group and of the open groups inside it as flat arrays. Groups of one shape share one, so that a
 * picture of everything needs the few distinct groups and not the hundred thousand boxes.
 */

import type { Tree } from "../model/tree.js";
import type { Frame } from "../scene/frame.js";
import type { Look } from "./look.js";

export interface Stamp {
  /** Left, top, right, bottom of each closed box from the upper left corner of the group. */
  readonly boxes: Float32Array;
  /** First leaf of each box, counted from the first leaf of the group, and how far above the leaf's item it is. */
  readonly leaf: Int32Array;
  readonly climb: Uint8Array;
  /** Left, top, right, bottom of each open group inside, outer before inner, and how deep it lies. */
  readonly groups: Float32Array;
  readonly depth: Uint8Array;
}

/** A group larger than this is walked instead. */
export const MOST_STAMPED = 6000;

/** Groups of one shape share the array of their boxes' sizes. */
const stamps = new WeakMap<Float64Array, Stamp>();

export function stampOf(look: Look, frame: Frame): Stamp {
  const known = stamps.get(frame.sizes);
  if (known) return known;
  const made = new Maker(look, frame).make();
  stamps.set(frame.sizes, made);
  return made;
}

/** First leaf of what a frame shows: a run may show one instance. */
export function firstLeaf(look: Look, frame: Frame): number {
  return look.model.tree.lo[look.expansion.shown(frame.item)]!;
}

/** The item of a stamp's box in one of the groups that share the stamp. */
export function boxItem({ itemOf, parent }: Tree, leaf: number, climb: number): number {
  let item = itemOf[leaf] ?? 0;
  for (let up = climb; up > 0; up -= 1) item = parent[item]!;
  return item;
}

class Maker {
  readonly #look: Look;
  readonly #frame: Frame;
  readonly #base: number;
  readonly #boxes: number[] = [];
  readonly #leaf: number[] = [];
  readonly #climb: number[] = [];
  readonly #groups: number[] = [];
  readonly #depth: number[] = [];

  constructor(look: Look, frame: Frame) {
    this.#look = look;
    this.#frame = frame;
    this.#base = firstLeaf(look, frame);
  }

  make(): Stamp {
    this.#walk(this.#frame, 0, 0, 1);
    return {
      boxes: Float32Array.from(this.#boxes),
      leaf: Int32Array.from(this.#leaf),
      climb: Uint8Array.from(this.#climb),
      groups: Float32Array.from(this.#groups),
      depth: Uint8Array.from(this.#depth),
    };
  }

  #walk(frame: Frame, x: number, y: number, depth: number): void {
    const { layout, sizes, kids, boxes } = frame;
    for (let i = 0; i < boxes.length; i += 1) {
      const [left, top] = [x + frame.dx + layout.x[i]!, y + frame.dy + layout.y[i]!];
      const edges = [left, top, left + sizes[2 * i]!, top + sizes[2 * i + 1]!];
      const kid = kids[i];
      if (!kid) {
        this.#boxes.push(...edges);
        this.#place(boxes[i]!);
        continue;
      }
      this.#groups.push(...edges);
      this.#depth.push(Math.min(255, depth));
      this.#walk(kid, left, top, depth + 1);
    }
  }

  #place(item: number): void {
    const { lo, itemOf, parent } = this.#look.model.tree;
    let climb = 0;
    for (let at = itemOf[lo[item]!]!; at !== item && at >= 0; at = parent[at]!) climb += 1;
    this.#leaf.push(lo[item]! - this.#base);
    this.#climb.push(Math.min(255, climb));
  }
}
