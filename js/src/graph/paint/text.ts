/** Canvas text that fits. */

const CACHE_LIMIT = 6000;
const cache = new Map<string, string>();

/** Draws text cut to `width` with an ellipsis. The context's font must be `size` units high. */
export function drawText(
  ctx: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  width: number,
  size: number,
): void {
  if (text === "" || width <= size) return;
  // The widest letters of a proportional font are about as wide as it is high: short texts need no measuring.
  ctx.fillText(text.length * size * 0.95 <= width ? text : fitted(ctx, text, width), x, y);
}

function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${ctx.font}|${Math.round(width)}|${text}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const cut = ctx.measureText(text).width <= width ? text : shortened(ctx, text, width);
  if (cache.size > CACHE_LIMIT) cache.clear();
  cache.set(key, cut);
  return cut;
}

function shortened(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (ctx.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}

/** Traces a rounded box. */
export function roundBox(
  ctx: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  radius: number,
): void {
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, Math.min(radius, w / 2, h / 2));
}
