/** A line of text over the graph while part of it is still on its way. */

import type { Theme } from "./theme.js";

const HEIGHT = 30;
const PAD = 14;

/** In the middle of an empty view, else at the lower edge. Drawn in CSS pixels over whatever is there. */
export function drawNotice(
  ctx: CanvasRenderingContext2D,
  text: string,
  theme: Theme,
  surface: { readonly width: number; readonly height: number; readonly ratio: number },
  empty: boolean,
): void {
  const { width, height, ratio } = surface;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.font = `500 13px ${theme.font}`;
  const room = ctx.measureText(text).width + 2 * PAD;
  const [x, y] = [(width - room) / 2, empty ? (height - HEIGHT) / 2 : height - HEIGHT - PAD];
  ctx.beginPath();
  ctx.roundRect(x, y, room, HEIGHT, HEIGHT / 2);
  ctx.fillStyle = theme.card;
  ctx.fill();
  ctx.lineWidth = 1;
  ctx.strokeStyle = theme.border;
  ctx.stroke();
  ctx.fillStyle = theme.text;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, width / 2, y + HEIGHT / 2);
  ctx.textAlign = "left";
}
