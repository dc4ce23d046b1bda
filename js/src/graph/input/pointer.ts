/** Mouse, touch and wheel on the canvas, told apart into a few gestures. */

export interface PointerTarget {
  pan(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number, add: boolean): void;
  doubleClick(x: number, y: number): void;
  /** Whether a bare wheel zooms; else the notebook scrolls. */
  takesWheel(): boolean;
}

/** Pixels of movement that make a press a drag. */
const SLACK = 4;
const DOUBLE_MS = 350;

interface Point {
  x: number;
  y: number;
}

export class PointerInput {
  readonly #canvas: HTMLCanvasElement;
  readonly #target: PointerTarget;
  readonly #stop = new AbortController();
  readonly #pressed = new Map<number, Point>();
  #origin: Point | null = null;
  #dragging = false;
  #lastClick: (Point & { time: number }) | null = null;

  constructor(canvas: HTMLCanvasElement, target: PointerTarget) {
    this.#canvas = canvas;
    this.#target = target;
    const { signal } = this.#stop;
    canvas.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    canvas.addEventListener("pointermove", (event) => this.#move(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.#up(event), { signal });
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event), { signal });
    canvas.addEventListener("pointerleave", () => target.leave(), { signal });
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
  }

  dispose(): void {
    this.#stop.abort();
  }

  #point(event: MouseEvent): Point {
    const box = this.#canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #down(event: PointerEvent): void {
    if (event.button > 1) return;
    const point = this.#point(event);
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pressed.set(event.pointerId, point);
    this.#origin = point;
    this.#dragging = this.#pressed.size > 1;
  }

  #move(event: PointerEvent): void {
    const point = this.#point(event);
    const last = this.#pressed.get(event.pointerId);
    if (!last) return this.#target.hover(point.x, point.y);
    if (this.#pressed.size === 2) this.#pinch(event.pointerId, last, point);
    else this.#drag(last, point);
  }

  #drag(last: Point, point: Point): void {
    const origin = this.#origin ?? last;
    if (!this.#dragging && Math.hypot(point.x - origin.x, point.y - origin.y) < SLACK) return;
    this.#canvas.style.cursor = "grabbing";
    this.#dragging = true;
    this.#target.pan(point.x - last.x, point.y - last.y);
    [last.x, last.y] = [point.x, point.y];
  }

  #pinch(id: number, last: Point, point: Point): void {
    const other = [...this.#pressed].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const before = Math.hypot(last.x - other.x, last.y - other.y);
    const after = Math.hypot(point.x - other.x, point.y - other.y);
    this.#target.pan((point.x - last.x) / 2, (point.y - last.y) / 2);
    if (before > 0) this.#target.zoom(after / before, (point.x + other.x) / 2, (point.y + other.y) / 2);
    [last.x, last.y] = [point.x, point.y];
  }

  #up(event: PointerEvent): void {
    const clicked = this.#pressed.has(event.pointerId) && !this.#dragging && event.button === 0;
    this.#cancel(event);
    if (!clicked) return;
    const point = this.#point(event);
    const last = this.#lastClick;
    const double =
      last !== null &&
      event.timeStamp - last.time < DOUBLE_MS &&
      Math.hypot(point.x - last.x, point.y - last.y) < SLACK;
    this.#lastClick = double ? null : { ...point, time: event.timeStamp };
    if (double) this.#target.doubleClick(point.x, point.y);
    else this.#target.click(point.x, point.y, event.shiftKey || event.ctrlKey || event.metaKey);
  }

  #cancel(event: PointerEvent): void {
    this.#pressed.delete(event.pointerId);
    if (this.#pressed.size === 0) this.#dragging = false;
    this.#canvas.style.cursor = "";
  }

  #wheel(event: WheelEvent): void {
    const pinch = event.ctrlKey || event.metaKey;
    if (!pinch && !this.#target.takesWheel()) return;
    event.preventDefault();
    const point = this.#point(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 24 : 1;
    const delta = Math.max(-240, Math.min(240, event.deltaY * lines));
    this.#target.zoom(Math.exp(-delta * (pinch ? 0.008 : 0.0022)), point.x, point.y);
  }
}
