/** What is under the pointer: a box, a button on it, or an edge. */

import type { GraphModel } from "../model/graph-model.js";
import { RUN } from "../model/tree.js";
import type { EdgeRef } from "../paint/look.js";
import type { Expansion } from "./expansion.js";
import type { Frame } from "./frame.js";
import { FRAME } from "./sizes.js";
import { boxAt, type Placed, rootRect } from "./walk.js";

export type Part = "body" | "toggle" | "previous" | "next" | "unroll";

export interface Hit {
  readonly placed: Placed;
  readonly part: Part;
}

export function hitBox(model: GraphModel, expansion: Expansion, root: Frame, x: number, y: number): Hit | null {
  const placed = boxAt(root, x, y);
  if (!placed) return null;
  return { placed, part: model.isGroup(placed.item) ? groupPart(model, expansion, placed, x, y) : "body" };
}

function groupPart(model: GraphModel, expansion: Expansion, placed: Placed, x: number, y: number): Part {
  const { rect, item, frame } = placed;
  const right = rect.x + rect.w - x;
  if (y - rect.y > FRAME.title) return "body";
  if (right < 30) return "toggle";
  if (!frame || model.tree.kind[item] !== RUN) return "body";
  if (right < 52) return "unroll";
  if (expansion.instance(item) < 0) return "body";
  if (right < 76) return "next";
  return right > 106 && right < 136 ? "previous" : "body";
}

/** The edge within `reach` of a point, in the innermost open group there. */
export function hitEdge(root: Frame, x: number, y: number, reach: number): EdgeRef | null {
  const placed = boxAt(root, x, y);
  if (placed && !placed.frame) return null;
  const [frame, at] = placed?.frame ? [placed.frame, placed.rect] : [root, rootRect(root)];
  return nearestEdge(frame, x - at.x - frame.dx, y - at.y - frame.dy, reach);
}

function nearestEdge(frame: Frame, x: number, y: number, reach: number): EdgeRef | null {
  let [best, edge] = [reach, -1];
  for (let e = 0; e < frame.edges.count; e += 1) {
    const b = frame.bounds;
    if (x < b[4 * e]! - reach || x > b[4 * e + 2]! + reach || y < b[4 * e + 1]! - reach || y > b[4 * e + 3]! + reach) {
      continue;
    }
    const distance = frame.layout.stub[e] ? stubDistance(frame, e, x, y) : courseDistance(frame, e, x, y);
    if (distance < best) [best, edge] = [distance, e];
  }
  return edge < 0 ? null : { item: frame.item, edge };
}

function stubDistance(frame: Frame, e: number, x: number, y: number): number {
  const spot = stubSpot(frame, e);
  return Math.hypot(x - spot.x, y - spot.y);
}

/** The middle of a stub's name, where it is pressed; counted from where the layout of the frame begins. */
export function stubSpot(frame: Frame, e: number): { x: number; y: number } {
  const at = 2 * frame.layout.start[e]!;
  return { x: frame.layout.points[at + 2]! + 22, y: frame.layout.points[at + 3]! - 12 };
}

/** Distance to the course, its curves taken as a few straight pieces. */
function courseDistance(frame: Frame, e: number, x: number, y: number): number {
  const { points, start } = frame.layout;
  let best = Number.POSITIVE_INFINITY;
  for (let i = start[e]! + 1; i < start[e + 1]!; i += 1) {
    const [x0, y0, x1, y1] = [points[2 * i - 2]!, points[2 * i - 1]!, points[2 * i]!, points[2 * i + 1]!];
    if (y < y0 - best && y < y1 - best) continue;
    best = Math.min(best, curveDistance(x0, y0, x1, y1, x, y));
  }
  return best;
}

/** The course between two points is a cubic with vertical tangents: x follows a smooth step of y, nearly. */
function curveDistance(x0: number, y0: number, x1: number, y1: number, x: number, y: number): number {
  // A level piece leads to the gutter beside a column.
  if (y1 === y0) return Math.hypot(x - Math.max(Math.min(x0, x1), Math.min(Math.max(x0, x1), x)), y - y0);
  const t = Math.max(0, Math.min(1, (y - y0) / (y1 - y0)));
  const along = t * t * (3 - 2 * t);
  const steep = Math.abs(x1 - x0) / Math.max(1, Math.abs(y1 - y0));
  return Math.hypot(Math.abs(x - (x0 + (x1 - x0) * along)) / Math.sqrt(1 + steep * steep), y - (y0 + (y1 - y0) * t));
}
