/** The way of an edge on the canvas. */

import type { Frame } from "../scene/frame.js";
import { FRAME } from "../scene/sizes.js";
import type { Rect } from "./camera.js";
import type { Ctx } from "./surface.js";

/** Where the layout of a frame begins, and what is visible, counted from there. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly view: Rect;
}

const EVERYTHING: Window = { x: 0, y: 0, view: { x: -1e12, y: -1e12, w: 2e12, h: 2e12 } };

/** Bends and marks reach this far beyond the points of a course. */
export const EDGE_MARGIN = 90;

/**
 * Points come in pairs: straight through a rank, curved between ranks. A course may be a million units long: only the
 * pieces in view are traced. `apart`: each piece begins a dash pattern of its own, so that dashes stand still while the
 * view moves.
 */
export function traceCourse(ctx: Ctx, frame: Frame, e: number, window = EVERYTHING, apart = false): void {
  const { x, y, view } = window;
  const { points, start } = frame.layout;
  const [first, end] = [start[e]!, start[e + 1]!];
  const n = frame.boxes.length;
  const [top, bottom] = [view.y - EDGE_MARGIN, view.y + view.h + EDGE_MARGIN];
  let [x0, y0] = [points[2 * first]!, points[2 * first + 1]!];
  // Border points stand a little inside the frame: lines go on to the title bar and the lower border.
  if (frame.edges.from[e]! >= n) y0 -= FRAME.inner;
  let down = false;
  for (let i = first + 1; i < end; i += 1) {
    const [x1, y1] = [points[2 * i]!, points[2 * i + 1]!];
    if (Math.max(y0, y1) < top || Math.min(y0, y1) > bottom) down = false;
    else {
      if (!down) ctx.moveTo(x + x0, y + y0);
      down = !apart;
      piece(ctx, points, i, (i - first) % 2 === 1, x, y, x0, y0);
    }
    [x0, y0] = [x1, y1];
  }
  if (frame.edges.to[e]! < n) return;
  ctx.moveTo(x + x0, y + y0);
  ctx.lineTo(x + x0, y + y0 + FRAME.inner);
}

function piece(
  ctx: Ctx,
  points: Float64Array,
  i: number,
  straight: boolean,
  x: number,
  y: number,
  x0: number,
  y0: number,
): void {
  const [x1, y1] = [points[2 * i]!, points[2 * i + 1]!];
  if (straight || x0 === x1) return ctx.lineTo(x + x1, y + y1);
  const middle = y + (y0 + y1) / 2;
  ctx.bezierCurveTo(x + x0, middle, x + x1, middle, x + x1, y + y1);
}
