/** Mouse, touch and wheel on the canvas, told apart into a few gestures. */

import type { Rect } from "../paint/camera.js";
import { wheelMove } from "./wheel.js";

export interface PointerTarget {
  pan(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number, add: boolean): void;
  doubleClick(x: number, y: number): void;
  /** The menu was asked for, by the right button or a long press. */
  menu(x: number, y: number): void;
  /** A rectangle is being drawn; null: no more. */
  band(area: Rect | null): void;
  /** A rectangle was drawn. */
  pick(area: Rect, add: boolean): void;
  /** Whether a bare wheel zooms; else the notebook scrolls. */
  takesWheel(): boolean;
  /** Whether one finger moves the graph; else it scrolls the notebook. */
  takesFinger(): boolean;
}

/** Pixels of movement that make a press a drag; a finger is not as still as a mouse. */
const SLACK = 4;
const FINGER_SLACK = 9;
const DOUBLE_MS = 350;
const LONG_PRESS_MS = 550;

interface Point {
  x: number;
  y: number;
}

/** A press becomes one of these and stays it until the last finger is up. */
type Gesture = "press" | "drag" | "pinch" | "band" | "done";

export class PointerInput {
  readonly #canvas: HTMLCanvasElement;
  readonly #target: PointerTarget;
  readonly #stop = new AbortController();
  readonly #pressed = new Map<number, Point>();
  #gesture: Gesture = "press";
  #origin: Point = { x: 0, y: 0 };
  #shift = false;
  /** The first moves of a scroll that the browser is about to take over. */
  #foreign = false;
  #slack = SLACK;
  #hold = 0;
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
    canvas.addEventListener("contextmenu", (event) => this.#contextMenu(event), { signal });
  }

  dispose(): void {
    clearTimeout(this.#hold);
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
    clearTimeout(this.#hold);
    if (this.#pressed.size > 1) {
      this.#gesture = "pinch";
      return;
    }
    this.#gesture = "press";
    this.#origin = { ...point };
    this.#shift = event.shiftKey && event.button === 0;
    const finger = event.pointerType === "touch";
    this.#slack = finger ? FINGER_SLACK : SLACK;
    this.#foreign = finger && !this.#target.takesFinger();
    if (finger) this.#hold = window.setTimeout(() => this.#longPress(), LONG_PRESS_MS);
  }

  #longPress(): void {
    if (this.#gesture !== "press" || this.#pressed.size !== 1) return;
    this.#gesture = "done";
    this.#target.menu(this.#origin.x, this.#origin.y);
  }

  #move(event: PointerEvent): void {
    const point = this.#point(event);
    const last = this.#pressed.get(event.pointerId);
    if (!last) {
      if (event.pointerType !== "touch") this.#target.hover(point.x, point.y);
      return;
    }
    if (this.#gesture === "press") this.#begin(point);
    if (this.#gesture === "pinch") this.#pinch(event.pointerId, last, point);
    else if (this.#gesture === "band") this.#target.band(rectOf(this.#origin, point));
    else if (this.#gesture === "drag") this.#target.pan(point.x - last.x, point.y - last.y);
    if (this.#gesture !== "press") [last.x, last.y] = [point.x, point.y];
  }

  #begin(point: Point): void {
    if (distance(point, this.#origin) < this.#slack) return;
    clearTimeout(this.#hold);
    if (this.#foreign) {
      this.#gesture = "done";
      return;
    }
    this.#gesture = this.#shift ? "band" : "drag";
    this.#canvas.style.cursor = this.#shift ? "crosshair" : "grabbing";
  }

  #pinch(id: number, last: Point, point: Point): void {
    const other = [...this.#pressed].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const before = distance(last, other);
    this.#target.pan((point.x - last.x) / 2, (point.y - last.y) / 2);
    if (before > 0)
      this.#target.zoom(distance(point, other) / before, (point.x + other.x) / 2, (point.y + other.y) / 2);
  }

  #up(event: PointerEvent): void {
    const [point, gesture] = [this.#point(event), this.#gesture];
    const held = this.#pressed.has(event.pointerId);
    this.#release(event);
    if (!held || event.button !== 0) return;
    if (gesture === "band") this.#target.pick(rectOf(this.#origin, point), event.ctrlKey || event.metaKey);
    else if (gesture === "press") this.#click(event, point);
  }

  #click(event: PointerEvent, point: Point): void {
    const last = this.#lastClick;
    const double = last !== null && event.timeStamp - last.time < DOUBLE_MS && distance(point, last) < this.#slack;
    this.#lastClick = double ? null : { ...point, time: event.timeStamp };
    if (double) this.#target.doubleClick(point.x, point.y);
    else this.#target.click(point.x, point.y, event.shiftKey || event.ctrlKey || event.metaKey);
  }

  #cancel(event: PointerEvent): void {
    if (this.#gesture === "band") this.#target.band(null);
    this.#release(event);
  }

  #release(event: PointerEvent): void {
    clearTimeout(this.#hold);
    this.#pressed.delete(event.pointerId);
    if (this.#gesture === "band") this.#target.band(null);
    // The finger that stays down after a pinch goes on as a drag, not as a click.
    if (this.#pressed.size > 0) this.#gesture = "drag";
    this.#canvas.style.cursor = "";
  }

  #contextMenu(event: MouseEvent): void {
    event.preventDefault();
    event.stopPropagation();
    // A finger's long press has opened it already.
    if (this.#gesture === "done" && this.#pressed.size > 0) return;
    const point = this.#point(event);
    this.#pressed.clear();
    this.#target.menu(point.x, point.y);
  }

  #wheel(event: WheelEvent): void {
    const pinch = event.ctrlKey || event.metaKey;
    if (!pinch && !this.#target.takesWheel()) return;
    event.preventDefault();
    const point = this.#point(event);
    const { dx, factor } = wheelMove(event, pinch);
    if (dx !== 0) this.#target.pan(dx, 0);
    else this.#target.zoom(factor, point.x, point.y);
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function rectOf(a: Point, b: Point): Rect {
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), w: Math.abs(a.x - b.x), h: Math.abs(a.y - b.y) };
}
