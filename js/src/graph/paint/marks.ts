/** Signs around an item: selection, hover, search, and how it differs from its counterpart. */

import type { Rect } from "./camera.js";
import { type Change, type Look, outlined } from "./look.js";
import { CHANGES } from "./palette.js";
import type { Ctx } from "./surface.js";
import { type Pen, roundBox } from "./text.js";

/** Radius of the disc that holds a sign, in world units; never smaller on screen than it can be read. */
const DISC = 8;
const SMALLEST_DISC = 5.5;

/** `open`: what matches in an open group is outlined inside it. */
export function outline(
  ctx: Ctx,
  look: Look,
  scale: number,
  item: number,
  rect: Rect,
  radius: number,
  open = false,
): void {
  const { selected, hover, current, theme } = look;
  const chosen = selected.has(item);
  const match = !open && outlined(look, item);
  if (!chosen && hover !== item && !match) return;
  ctx.strokeStyle = match && !chosen ? theme.warn : theme.brand;
  const bold = theme.contrast === "normal" ? 0 : 1;
  ctx.lineWidth = ((chosen || current === item ? 2.5 : 1.5) + bold) / Math.min(1, scale);
  const grow = ctx.lineWidth * 0.8;
  roundBox(ctx, rect.x - grow, rect.y - grow, rect.w + 2 * grow, rect.h + 2 * grow, radius + grow);
  ctx.stroke();
}

/** How far `outline` reaches beyond its item, in pixels of the screen. */
export const OUTLINE_REACH = 8;

/** A line in the colour of the change and a disc with its sign: the colour alone would not reach everybody. */
export function drawChange(ctx: Ctx, pen: Pen, look: Look, scale: number, kind: Change, rect: Rect): void {
  const { sign, light, dark } = CHANGES[kind];
  const { theme } = look;
  const color = theme.contrast === "forced" ? theme.text : theme.dark ? dark : light;
  ctx.strokeStyle = color;
  ctx.lineWidth = Math.max(2, 1.6 / scale);
  if (kind === "removed") ctx.setLineDash([5, 3]);
  roundBox(ctx, rect.x, rect.y, rect.w, rect.h, 8);
  ctx.stroke();
  if (kind === "removed") ctx.setLineDash([]);
  const radius = Math.min(Math.max(DISC, SMALLEST_DISC / scale), rect.h / 2.2);
  ctx.beginPath();
  ctx.arc(rect.x, rect.y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = color;
  ctx.fill();
  const ink = theme.dark || theme.contrast === "forced" ? theme.background : "#ffffff";
  pen.write(sign, rect.x, rect.y, 3 * radius, { size: radius * 1.6, weight: 700, color: ink, align: "center" });
}
