/** The canvas: its size, its camera, and one paint per frame however often one is asked for. */

import { between, type Camera, type Rect } from "../paint/camera.js";

export const MOVE_MS = 180;
/** Browsers refuse canvases beyond some size, each its own; all take this. A larger view has coarser pixels. */
const MOST_PIXELS = 16_000_000;
const LONGEST_SIDE = 8192;

export type Paint = (ctx: CanvasRenderingContext2D, stage: Stage) => void;

export class Stage {
  readonly canvas = document.createElement("canvas");
  camera: Camera = { x: 0, y: 0, scale: 1 };
  readonly #paint: Paint;
  readonly #onSize: () => void;
  readonly #observer: ResizeObserver;
  readonly #ctx: CanvasRenderingContext2D | null;
  readonly #stop = new AbortController();
  #frame = 0;
  #move: { from: Camera; to: Camera; start: number } | null = null;
  #width = 0;
  #height = 0;
  #ratio = 1;
  #density: MediaQueryList | undefined;

  constructor(paint: Paint, onSize: () => void) {
    this.#paint = paint;
    this.#onSize = onSize;
    this.#ctx = this.canvas.getContext("2d");
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(this.canvas);
    this.canvas.addEventListener("contextrestored", () => this.request(), { signal: this.#stop.signal });
    this.#watchDensity();
  }

  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  /** Whether the view has been on screen yet. */
  get ready(): boolean {
    return this.#width > 0;
  }

  /** Device pixels to a CSS pixel. */
  get ratio(): number {
    return this.#ratio;
  }

  /** The visible part of the world. */
  get view(): Rect {
    const { x, y, scale } = this.camera;
    return { x, y, w: this.#width / scale, h: this.#height / scale };
  }

  /** Where the camera is going, or is. */
  get target(): Camera {
    return this.#move?.to ?? this.camera;
  }

  worldAt(sx: number, sy: number): { x: number; y: number } {
    return { x: this.camera.x + sx / this.camera.scale, y: this.camera.y + sy / this.camera.scale };
  }

  toScreen(rect: Rect): Rect {
    const { x, y, scale } = this.camera;
    return { x: (rect.x - x) * scale, y: (rect.y - y) * scale, w: rect.w * scale, h: rect.h * scale };
  }

  jump(camera: Camera): void {
    this.#move = null;
    this.camera = camera;
    this.request();
  }

  glide(to: Camera): void {
    if (reducedMotion()) return this.jump(to);
    this.#move = { from: this.camera, to, start: performance.now() };
    this.request();
  }

  request(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#tick());
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#stop.abort();
    this.#density?.removeEventListener("change", this.#onDensity);
    cancelAnimationFrame(this.#frame);
    // Browsers keep canvas memory until collection: give it back now.
    this.canvas.width = 0;
    this.canvas.height = 0;
  }

  /** A query matches one density: when it stops to, as in a window moved to another screen, there is a next one. */
  #watchDensity(): void {
    this.#density?.removeEventListener("change", this.#onDensity);
    this.#density = globalThis.matchMedia?.(`(resolution: ${globalThis.devicePixelRatio || 1}dppx)`);
    this.#density?.addEventListener("change", this.#onDensity);
  }

  readonly #onDensity = (): void => {
    this.#watchDensity();
    this.#resize();
  };

  #tick(): void {
    this.#frame = 0;
    if (this.#move) this.#advance(this.#move);
    if (this.#ctx && this.#width > 0 && this.#height > 0) this.#paint(this.#ctx, this);
    if (this.#move) this.request();
  }

  #advance(move: { from: Camera; to: Camera; start: number }): void {
    const t = Math.min(1, (performance.now() - move.start) / MOVE_MS);
    this.camera = t >= 1 ? move.to : between(move.from, move.to, eased(t));
    if (t >= 1) this.#move = null;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    const ratio = safeRatio(clientWidth, clientHeight);
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    const same = this.canvas.width === width && this.canvas.height === height;
    // A page zoomed to twice its size has half as many CSS pixels, of twice as many device pixels each.
    if (same && this.#width === clientWidth && this.#height === clientHeight) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.#ratio = ratio;
    if (this.ready) this.#keepCentre(this.#width - clientWidth);
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#onSize();
    // A resized canvas is blank at once; waiting for the next frame would flicker.
    if (this.#ctx) this.#paint(this.#ctx, this);
  }

  /** What stood in the middle stays there when a panel beside the graph opens or closes. */
  #keepCentre(narrower: number): void {
    const shifted = (camera: Camera): Camera => ({ ...camera, x: camera.x + narrower / 2 / camera.scale });
    this.camera = shifted(this.camera);
    if (this.#move) this.#move = { ...this.#move, from: shifted(this.#move.from), to: shifted(this.#move.to) };
  }
}

/** The density of the screen, or as much of it as a canvas of this size can have. */
function safeRatio(width: number, height: number): number {
  const wanted = globalThis.devicePixelRatio || 1;
  return Math.min(wanted, LONGEST_SIDE / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
}

export function eased(t: number): number {
  return 1 - (1 - t) ** 3;
}

export function reducedMotion(): boolean {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}
