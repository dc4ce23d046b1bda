/** The whole graph in a corner, with a frame around what the view shows. Hidden while the view shows nearly all. */

import { type Camera, fitRect, type Rect } from "../paint/camera.js";
import { element } from "./dom.js";

export interface MinimapSource {
  /** Extent of the drawing, in world units. */
  world(): Rect;
  /** What the view shows of it. */
  view(): Rect;
  /** Draws the whole graph, `width` × `height` CSS pixels large. */
  paint(ctx: CanvasRenderingContext2D, camera: Camera, width: number, height: number, ratio: number): void;
  /** Brings a world point into the middle of the view. */
  moveTo(x: number, y: number): void;
}

const LONGEST = 150;
const SHORTEST = 36;
const MARGIN = 4;
/** Share of the drawing in view from which a map is of no use. */
const MOST_SEEN = 0.8;
/** The picture is redrawn when changes have paused: opening one block after the other should not paint it each time. */
const PAUSE_MS = 160;

export class Minimap {
  readonly #source: MinimapSource;
  readonly #root = element("div", "haoline-graph-minimap");
  readonly #canvas = element("canvas", "");
  readonly #frame = element("div", "haoline-graph-minimap-view");
  readonly #stop = new AbortController();
  #camera: Camera = { x: 0, y: 0, scale: 1 };
  #timer = 0;
  #wanted = true;
  #stale = true;

  constructor(source: MinimapSource) {
    this.#source = source;
    this.#root.dataset.testid = "haoline-graph-minimap";
    // For the eye and the pointer only: keys move the view itself, and the outline tells what there is.
    this.#root.setAttribute("aria-hidden", "true");
    this.#root.hidden = true;
    this.#root.append(this.#canvas, this.#frame);
    const { signal } = this.#stop;
    this.#root.addEventListener("pointerdown", (event) => this.#press(event), { signal });
    this.#root.addEventListener("pointermove", (event) => this.#drag(event), { signal });
  }

  node(): HTMLElement {
    return this.#root;
  }

  get shown(): boolean {
    return this.#wanted;
  }

  toggle(): void {
    this.#wanted = !this.#wanted;
    this.#settle();
  }

  /** The drawing is another one, or has other colours. */
  changed(): void {
    this.#stale = true;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#settle(), PAUSE_MS);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.moved();
  }

  /** The camera has moved. While changes go on the old picture stays. */
  moved(): void {
    if (this.#timer !== 0) return;
    const [world, view] = [this.#source.world(), this.#source.view()];
    const useful = this.#wanted && world.w > 0 && world.h > 0 && view.w > 0 && seen(world, view) < MOST_SEEN;
    this.#root.hidden = !useful;
    if (!useful) return;
    if (this.#stale) this.#draw(world);
    this.#mark(world, view);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
    this.#canvas.width = 0;
    this.#canvas.height = 0;
    this.#root.remove();
  }

  #draw(world: Rect): void {
    this.#stale = false;
    const scale = LONGEST / Math.max(world.w, world.h);
    const width = Math.round(Math.max(SHORTEST, world.w * scale)) + 2 * MARGIN;
    const height = Math.round(Math.max(SHORTEST, world.h * scale)) + 2 * MARGIN;
    const ratio = globalThis.devicePixelRatio || 1;
    this.#camera = fitRect(world, width, height, MARGIN, 1);
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#root.style.width = `${width}px`;
    this.#root.style.height = `${height}px`;
    const ctx = this.#canvas.getContext("2d");
    if (ctx) this.#source.paint(ctx, this.#camera, width, height, ratio);
  }

  #mark(world: Rect, view: Rect): void {
    const { x, y, scale } = this.#camera;
    const left = Math.max(view.x, world.x);
    const top = Math.max(view.y, world.y);
    const right = Math.min(view.x + view.w, world.x + world.w);
    const bottom = Math.min(view.y + view.h, world.y + world.h);
    const { style } = this.#frame;
    style.transform = `translate(${(left - x) * scale}px, ${(top - y) * scale}px)`;
    style.width = `${Math.max(4, (right - left) * scale)}px`;
    style.height = `${Math.max(4, (bottom - top) * scale)}px`;
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.#root.setPointerCapture(event.pointerId);
    this.#go(event);
  }

  #drag(event: PointerEvent): void {
    if ((event.buttons & 1) === 1 && this.#root.hasPointerCapture(event.pointerId)) this.#go(event);
  }

  #go(event: PointerEvent): void {
    const box = this.#canvas.getBoundingClientRect();
    const { x, y, scale } = this.#camera;
    this.#source.moveTo(x + (event.clientX - box.left) / scale, y + (event.clientY - box.top) / scale);
  }
}

/** Share of `world` that `view` covers, 0 to 1. */
function seen(world: Rect, view: Rect): number {
  const w = Math.min(world.x + world.w, view.x + view.w) - Math.max(world.x, view.x);
  const h = Math.min(world.y + world.h, view.y + view.h) - Math.max(world.y, view.y);
  return (Math.max(0, w) * Math.max(0, h)) / (world.w * world.h);
}
