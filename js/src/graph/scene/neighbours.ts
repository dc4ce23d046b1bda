/** Steps from item to item for the arrow keys. */

import type { Direction } from "../input/walker.js";
import type { Frame } from "./frame.js";
import type { Session } from "./session.js";

/** The item one step away, -1 for none. Where an edge leaves a group the step goes on outside it. */
export function neighbour(session: Session, item: number, direction: Direction): number {
  const placed = session.place(item);
  if (!placed) return session.root().boxes[0] ?? -1;
  const index = placed.parent.boxes.indexOf(item);
  if (direction === "left" || direction === "right")
    return beside(placed.parent, index, direction === "right" ? 1 : -1);
  const next = alongEdge(placed.parent, index, direction);
  if (next >= 0) return next;
  const outer = placed.parent.item;
  return outer === 0 ? -1 : neighbour(session, outer, direction);
}

function alongEdge(frame: Frame, index: number, direction: Direction): number {
  const { from, to, count } = frame.edges;
  const [near, far] = direction === "down" ? [from, to] : [to, from];
  let [best, shortest] = [-1, Number.POSITIVE_INFINITY];
  for (let e = 0; e < count; e += 1) {
    if (near[e] !== index || far[e]! >= frame.boxes.length) continue;
    const span = Math.abs(frame.layout.rank[far[e]!]! - frame.layout.rank[index]!);
    if (span < shortest) [best, shortest] = [far[e]!, span];
  }
  return best < 0 ? -1 : frame.boxes[best]!;
}

/** The nearest box of the same rank on one side. */
function beside(frame: Frame, index: number, side: 1 | -1): number {
  const { rank, x } = frame.layout;
  let [best, nearest] = [-1, Number.POSITIVE_INFINITY];
  for (let i = 0; i < frame.boxes.length; i += 1) {
    const distance = side * (x[i]! - x[index]!);
    if (rank[i] === rank[index] && distance > 0 && distance < nearest) [best, nearest] = [i, distance];
  }
  return best < 0 ? -1 : frame.boxes[best]!;
}
