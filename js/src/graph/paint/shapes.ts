/** Outlines of cards. Edges meet a card in the middle of its upper and lower side, where every outline is straight. */

import type { Rect } from "./camera.js";
import type { Shape } from "./palette.js";
import type { Ctx } from "./surface.js";

const RADIUS = 7;
/** How far the sides of a hexagon point out, a parallelogram leans, a corner is cut, in world units. */
const POINT = 9;
const LEAN = 9;
const CUT = 9;
/** A small card is narrower than the room it was given. */
const NARROW = 9;
const RIM = 4.5;

/** Where text may stand inside an outline. */
export function inset(shape: Shape): number {
  return INSETS[shape];
}

const INSETS: Readonly<Record<Shape, number>> = {
  box: 0,
  pill: 4,
  hexagon: 5,
  slanted: 6,
  small: NARROW,
  cut: 2,
  tray: 1,
};

export function trace(ctx: Ctx, shape: Shape, { x, y, w, h }: Rect): void {
  ctx.beginPath();
  switch (shape) {
    case "pill":
      return ctx.roundRect(x, y, w, h, h / 2);
    case "hexagon":
      return polygon(ctx, [
        x + POINT,
        y,
        x + w - POINT,
        y,
        x + w,
        y + h / 2,
        x + w - POINT,
        y + h,
        x + POINT,
        y + h,
        x,
        y + h / 2,
      ]);
    case "slanted":
      return polygon(ctx, [x + LEAN, y, x + w, y, x + w - LEAN, y + h, x, y + h]);
    case "small":
      return ctx.roundRect(x + NARROW, y, w - 2 * NARROW, h, 13);
    case "cut":
      return polygon(ctx, cutCorners(x, y, w, h));
    case "tray":
      return ctx.roundRect(x, y, w, h, [2, 2, 15, 15]);
    default:
      return ctx.roundRect(x, y, w, h, RADIUS);
  }
}

/** Traces what an outline leaves of the card to the right of its coloured rim, which is seen from far and near. */
export function traceInside(ctx: Ctx, shape: Shape, { x, y, w, h }: Rect, scale: number): void {
  const rim = Math.max(RIM, Math.min(9, 3 / scale));
  trace(ctx, shape, { x: x + rim, y, w: w - rim, h });
}

function cutCorners(x: number, y: number, w: number, h: number): number[] {
  const [right, bottom] = [x + w, y + h];
  return [
    x + CUT,
    y,
    right - CUT,
    y,
    right,
    y + CUT,
    right,
    bottom - CUT,
    right - CUT,
    bottom,
    x + CUT,
    bottom,
    x,
    bottom - CUT,
    x,
    y + CUT,
  ];
}

function polygon(ctx: Ctx, points: readonly number[]): void {
  ctx.moveTo(points[0]!, points[1]!);
  for (let i = 2; i < points.length; i += 2) ctx.lineTo(points[i]!, points[i + 1]!);
  ctx.closePath();
}
