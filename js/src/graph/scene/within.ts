/** The boxes inside a rectangle that was drawn with the pointer. */

import { contains, type Rect } from "../paint/camera.js";
import type { Session } from "./session.js";
import { walk } from "./walk.js";

/** More than this nobody means to pick. */
const MOST = 20_000;

/** Ops, inputs, outputs and closed groups whose middle lies inside. */
export function itemsWithin(session: Session, area: Rect): number[] {
  const items: number[] = [];
  walk(session.root(), area, ({ item, rect, frame }) => {
    if (!frame && contains(area, rect.x + rect.w / 2, rect.y + rect.h / 2)) items.push(item);
    return items.length < MOST;
  });
  return items;
}
