/** Category signs as canvas paths, parsed once. */

import type { Ctx } from "./surface.js";

export class Icons {
  readonly #paths = new Map<string, Path2D>();

  /** Strokes a sign of 16 × 16 with its upper left corner at (`x`, `y`). */
  stroke(ctx: Ctx, path: string, x: number, y: number, color: string): void {
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.4;
    ctx.lineCap = "round";
    ctx.lineJoin = "round";
    if (ctx.strokeIcon) ctx.strokeIcon(path, x, y);
    else ctx.stroke(this.#placed(path, x, y));
    ctx.lineCap = "butt";
    ctx.lineJoin = "miter";
  }

  /** A moved copy rather than a moved canvas: changing the transform and back would cost as much as the stroke. */
  #placed(path: string, x: number, y: number): Path2D {
    let sign = this.#paths.get(path);
    if (!sign) {
      sign = new Path2D(path);
      this.#paths.set(path, sign);
    }
    const placed = new Path2D();
    placed.addPath(sign, { e: x, f: y });
    return placed;
  }
}
