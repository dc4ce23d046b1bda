/** Changes what is open so that the eye keeps its place: the changed item stays put, the rest moves there. */

import { eased, MOVE_MS, reducedMotion, type Stage } from "../input/stage.js";
import { ROOT, RUN } from "../model/tree.js";
import { type Camera, centred, fitRect, type Rect, union } from "../paint/camera.js";
import type { Tween } from "../paint/look.js";
import { ALL } from "./expansion.js";
import type { Session } from "./session.js";
import { rootRect } from "./walk.js";

const MARGIN = 20;
/** The toolbar lies over the right margin. */
const TOOLS = 36;
/** Search box and filters lie over the upper left corner; in a second row what is selected, and what is shown alone. */
const BELOW_SEARCH = 54;
const BELOW_ROWS = 92;
/** Search box and filters stand in one row from this width on. */
const ONE_ROW = 520;
/** What the legend takes of the lower left corner: packed boxes fill that too, unlike graphs, which run down the middle. */
const LEGEND = 264;
const ROOMY = 700;
/** How far the panels of that corner reach to the right. */
const PANELS = 430;
/** Text can be read from here on. */
const READING = 0.7;
const LARGEST = 1.1;
/** Of a group that was left, this much of the view remains for it: the rest shows where it stands. */
const LEFT_BEHIND = 0.6;

export class Mover {
  readonly #stage: Stage;
  #before: Map<number, Rect> | null = null;
  #start = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The movement under way, null when all stands still. */
  tween(): Tween | null {
    if (!this.#before) return null;
    const t = (performance.now() - this.#start) / MOVE_MS;
    if (t >= 1) this.#before = null;
    return this.#before && { t: eased(t), before: this.#before };
  }

  toggle(session: Session, item: number): void {
    if (!session.model.isGroup(item)) return;
    const open = session.expansion.isOpen(item);
    this.change(session, item, () => (open ? session.expansion.close(item) : session.expansion.open(item)));
  }

  page(session: Session, run: number, step: 1 | -1): void {
    const { expansion, model } = session;
    const shown = expansion.instance(run);
    if (model.tree.kind[run] !== RUN || !expansion.isOpen(run) || shown < 0) return;
    const count = model.tree.children[run]!.length;
    this.change(session, run, () => expansion.turn(run, (shown + step + count) % count));
  }

  /** All instances of a run one after the other, or just one again. */
  unroll(session: Session, run: number): void {
    const { expansion } = session;
    this.change(session, run, () => expansion.setInstance(run, expansion.instance(run) === ALL ? 0 : ALL));
  }

  change(session: Session, item: number, act: () => void): void {
    const { old, before } = this.#note(session, item);
    act();
    session.scene.touch(item);
    session.root();
    const now = session.place(item)?.rect;
    if (old && now) {
      this.#keep(old, now, before);
      this.show(now);
    }
    this.#stage.request();
  }

  /** Shows a group alone, or what is around it again; what both have in common stays put at first. */
  enter(session: Session, top: number): void {
    const left = session.top;
    const inwards = top !== ROOT && session.holds(top);
    const anchor = inwards ? top : left;
    const { old, before } = this.#note(session, anchor);
    session.top = top;
    session.expansion.open(top);
    session.scene.touch(top);
    const now = session.place(anchor)?.rect;
    if (old && now) this.#keep(old, now, before);
    const whole = this.overview(session, inwards);
    this.#stage.glide(inwards || !now || whole.scale >= READING ? whole : this.#around(now, whole));
  }

  #note(session: Session, item: number): { old: Rect | undefined; before: Map<number, Rect> | null } {
    return {
      old: session.place(item)?.rect,
      before: reducedMotion() ? null : session.snapshot(this.#stage.view),
    };
  }

  #keep(old: Rect, now: Rect, before: Map<number, Rect> | null): void {
    const { camera } = this.#stage;
    const [dx, dy] = [now.x + now.w / 2 - old.x - old.w / 2, now.y - old.y];
    this.#stage.jump({ ...camera, x: camera.x + dx, y: camera.y + dy });
    if (!before) return;
    const shifted = [...before].map(([item, rect]) => [item, { ...rect, x: rect.x + dx, y: rect.y + dy }] as const);
    this.#before = new Map(shifted);
    this.#start = performance.now();
  }

  #around(rect: Rect, whole: Camera): Camera {
    const { width, height, target } = this.#stage;
    const fits = LEFT_BEHIND * Math.min(width / rect.w, height / rect.h);
    return centred(rect, width, height, Math.max(whole.scale, Math.min(target.scale, fits)));
  }

  /** Moves just enough that a rectangle can be seen; zooms out for one that is larger than the view. */
  show(rect: Rect): void {
    const { width, height, target } = this.#stage;
    const room = { w: (width - 2 * MARGIN) / target.scale, h: (height - 2 * MARGIN) / target.scale };
    if (rect.w > room.w || rect.h > room.h) return this.#stage.glide(this.#shrunk(rect, target.scale));
    const margin = MARGIN / target.scale;
    const x = within(target.x, rect.x + rect.w + margin - width / target.scale, rect.x - margin);
    const y = within(target.y, rect.y + rect.h + margin - height / target.scale, rect.y - margin);
    if (x !== target.x || y !== target.y) this.#stage.glide({ ...target, x, y });
  }

  #shrunk(rect: Rect, scale: number): Camera {
    const { width, height } = this.#stage;
    const whole = fitRect(rect, width - TOOLS, height, MARGIN, scale);
    if (whole.scale >= READING * 0.8) return this.#clear(rect, whole, BELOW_ROWS);
    const readable = Math.min(scale, READING);
    return { ...centred(rect, width - TOOLS, height, readable), y: rect.y - BELOW_ROWS / readable };
  }

  /** The whole graph. At first sight a tall one shows its beginning at a size that can be read. */
  overview(session: Session, first: boolean): Camera {
    const { width } = this.#stage;
    const camera = this.#whole(session, first, width);
    const packed = session.model.doc.holds === "weights" && session.coloring !== null && width >= ROOMY;
    const left = (rootRect(session.root()).x - camera.x) * camera.scale;
    if (!packed || left >= LEGEND) return camera;
    const beside = this.#whole(session, first, width - LEGEND);
    return { ...beside, x: beside.x - LEGEND / beside.scale };
  }

  #whole(session: Session, first: boolean, width: number): Camera {
    const { height } = this.#stage;
    const rect = rootRect(session.root());
    const whole = fitRect(rect, width - TOOLS, height, MARGIN, LARGEST);
    const below = session.top === ROOT && this.#stage.width >= ONE_ROW ? BELOW_SEARCH : BELOW_ROWS;
    if (!first || whole.scale >= READING) return this.#clear(rect, whole, below, width);
    const scale = Math.max(whole.scale, Math.min(READING, (width - TOOLS - 2 * MARGIN) / Math.max(1, rect.w)));
    const tall = { ...centred(rect, width - TOOLS, height, scale), y: rect.y - MARGIN / scale };
    return this.#clear(rect, tall, below, width);
  }

  /** Moves down what would begin under the panels of the upper left corner, and makes it smaller if it must be. */
  #clear(rect: Rect, camera: Camera, below: number, width = this.#stage.width): Camera {
    const { height } = this.#stage;
    const left = (rect.x - camera.x) * camera.scale;
    const top = (rect.y - camera.y) * camera.scale;
    if (left > PANELS || top >= below) return camera;
    const fits = fitRect(rect, width - TOOLS, height - below, MARGIN, camera.scale).scale;
    const tall = rect.h * camera.scale > height - 2 * MARGIN;
    const scale = tall ? camera.scale : fits;
    return { ...centred(rect, width - TOOLS, height, scale), y: rect.y - below / scale };
  }

  /** Items that are drawn, all of them in view. */
  fit(session: Session, items: readonly number[]): void {
    const rects = items.flatMap((item) => session.place(item)?.rect ?? []);
    if (rects.length === 0) return;
    const { width, height } = this.#stage;
    const rect = rects.reduce(union);
    const camera = fitRect(rect, width - TOOLS, height - BELOW_ROWS, 2 * MARGIN, LARGEST);
    this.#stage.glide({ ...camera, y: camera.y - BELOW_ROWS / camera.scale });
  }

  /** An item in the middle, at a size that can be read. */
  focus(session: Session, item: number): void {
    const rect = session.place(item)?.rect;
    if (!rect) return;
    const { width, height, target } = this.#stage;
    const fits = Math.min(width / (rect.w * 1.3), height / (rect.h * 1.3));
    this.#stage.glide(centred(rect, width, height, Math.min(fits, Math.max(0.85, Math.min(target.scale, 1.6)))));
  }
}

function within(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
