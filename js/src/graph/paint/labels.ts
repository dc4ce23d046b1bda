/** Names of open groups in letters of the screen, for zooms at which their title bars cannot be read. */

import type { Frame } from "../scene/frame.js";
import type { Rect } from "./camera.js";
import { childRect } from "./child-rect.js";
import type { Look } from "./look.js";
import type { Ctx } from "./surface.js";
import { type Pen, roundBox } from "./text.js";

/** Below this zoom title bars are too flat for their words. */
export const TITLES = 0.34;
const SIZE = 11;
const HEIGHT = 16;
const NARROWEST = 46;
const FLATTEST = 64;
const LONGEST = 220;
/** From this width on a name may be cut; in narrower groups it fits or is left out. */
const WIDE = 100;

/** Whether an open group of this size on screen has its name written over it. */
export function labelled(scale: number, w: number, h: number): boolean {
  return scale < TITLES && w * scale >= NARROWEST && h * scale >= FLATTEST;
}

/** A screen of CSS pixels: `origin` is the world's point in its corner. */
export interface Screen {
  readonly origin: { readonly x: number; readonly y: number };
  readonly scale: number;
  readonly view: Rect;
}

export class GroupLabels {
  readonly #ctx: Ctx;
  readonly #pen: Pen;
  readonly #look: Look;
  readonly #screen: Screen;

  constructor(ctx: Ctx, pen: Pen, look: Look, screen: Screen) {
    this.#ctx = ctx;
    this.#pen = pen;
    this.#look = look;
    this.#screen = screen;
  }

  draw(root: Frame): void {
    const { x, y } = this.#screen.origin;
    this.#inside(root, { x: -x, y: -y, w: root.w, h: root.h }, null);
    this.#pen.flush();
  }

  #inside(frame: Frame, at: Rect, above: Rect | null): void {
    const { scale } = this.#screen;
    const { sizes, boxes } = frame;
    for (let i = 0; i < boxes.length; i += 1) {
      if (!labelled(scale, sizes[2 * i]!, sizes[2 * i + 1]!)) continue;
      if (!this.#look.expansion.isOpen(boxes[i]!)) continue;
      const kid = frame.kids[i];
      const place = childRect(frame, at, i);
      if (kid && this.#visible(place)) this.#group(kid, place, above);
    }
  }

  #visible(place: Rect): boolean {
    const { scale, view } = this.#screen;
    return (
      place.x * scale < view.x + view.w &&
      (place.x + place.w) * scale > view.x &&
      place.y * scale < view.y + view.h &&
      (place.y + place.h) * scale > view.y
    );
  }

  /** A name that would lie on that of the group around it is left out, wherever the view stands. */
  #group(frame: Frame, place: Rect, above: Rect | null): void {
    const { scale } = this.#screen;
    const [x, y, room] = [place.x * scale + 3, place.y * scale + 3, Math.min(LONGEST, place.w * scale - 6)];
    const title = this.#short(this.#look.model.labels.title(frame.item), room - 10);
    const label = { x, y, w: Math.min(room, this.#pen.width(title, SIZE, 700) + 10), h: HEIGHT };
    const hidden = title === "" || (above !== null && x < above.x + above.w && y < above.y + above.h);
    this.#inside(frame, place, hidden ? above : label);
    if (!hidden) this.#label(title, label);
  }

  /** Of `layers.804` the number, where there is no room for both; nothing where there is none for it. */
  #short(title: string, room: number): string {
    if (this.#pen.width(title, SIZE, 700) <= room) return title;
    const tail = title.includes(" ") ? title : (/[^./]+$/.exec(title)?.[0] ?? title);
    if (this.#pen.width(tail, SIZE, 700) <= room) return tail;
    return room >= WIDE ? title : "";
  }

  #label(title: string, { x, y, w, h }: Rect): void {
    const ctx = this.#ctx;
    const { theme } = this.#look;
    roundBox(ctx, x, y, w, h, 4);
    ctx.globalAlpha = theme.contrast === "normal" ? 0.86 : 1;
    ctx.fillStyle = theme.card;
    ctx.fill();
    ctx.globalAlpha = 1;
    this.#pen.write(title, x + 5, y + h / 2 + 0.5, w - 8, { size: SIZE, weight: 700, color: theme.text });
  }
}
