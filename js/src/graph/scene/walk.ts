/** Walks over what is drawn, and where it stands. */

import { contains, overlaps, type Rect } from "../paint/camera.js";
import { childRect } from "../paint/painter.js";
import type { Frame } from "./frame.js";

export interface Placed {
  readonly item: number;
  readonly rect: Rect;
  /** The open group, null for a closed item. */
  readonly frame: Frame | null;
  readonly parent: Frame;
}

export function rootRect(root: Frame): Rect {
  return { x: 0, y: 0, w: root.w, h: root.h };
}

/** Calls back for every drawn box that overlaps `view`, outer before inner; false from it ends the walk. */
export function walk(root: Frame, view: Rect, callback: (placed: Placed) => boolean): void {
  const enter = (frame: Frame, at: Rect): boolean => {
    for (let i = 0; i < frame.boxes.length; i += 1) {
      const rect = childRect(frame, at, i);
      if (!overlaps(rect, view)) continue;
      const kid = frame.kids[i] ?? null;
      if (!callback({ item: frame.boxes[i]!, rect, frame: kid, parent: frame })) return false;
      if (kid && !enter(kid, rect)) return false;
    }
    return true;
  };
  enter(root, rootRect(root));
}

/** Where an item is drawn; null where it is not. `path` are its ancestors, outermost first, without the root. */
export function locate(root: Frame, path: readonly number[], item: number): Placed | null {
  let [frame, at]: [Frame, Rect] = [root, rootRect(root)];
  for (const step of [...path, item]) {
    const i = frame.boxes.indexOf(step);
    // The shown instance of a run has no box of its own.
    if (i < 0) continue;
    const rect = childRect(frame, at, i);
    const kid = frame.kids[i] ?? null;
    if (step === item) return { item, rect, frame: kid, parent: frame };
    if (!kid) return null;
    [frame, at] = [kid, rect];
  }
  return null;
}

/** The innermost box under a point. */
export function boxAt(root: Frame, x: number, y: number): Placed | null {
  let found: Placed | null = null;
  walk(root, { x, y, w: 1e-6, h: 1e-6 }, (placed) => {
    if (contains(placed.rect, x, y)) found = placed;
    return true;
  });
  return found;
}
