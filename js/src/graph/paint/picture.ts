/** What stands on the canvas, and how little of it a new state of the view asks to be painted again. */

import type { Frame } from "../scene/frame.js";
import { locate, type Placed, rootRect } from "../scene/walk.js";
import { type Rect, union } from "./camera.js";
import { EDGE_MARGIN } from "./course.js";
import type { EdgeRef, Look } from "./look.js";
import { OUTLINE_REACH } from "./marks.js";
import type { Surface } from "./surface.js";

/** Device pixels: where the world's corner stands, counted from that of the canvas. */
export interface Origin {
  readonly x: number;
  readonly y: number;
}

/** On whole pixels: a moved picture is then the same picture, and text stands still between its pixels. */
export function originOf({ camera, ratio }: Surface): Origin {
  const zoom = camera.scale * ratio;
  return { x: Math.round(-camera.x * zoom), y: Math.round(-camera.y * zoom) };
}

/** How far a picture moves, and what it leaves uncovered, in device pixels. */
export interface Move {
  readonly dx: number;
  readonly dy: number;
  readonly strips: readonly Rect[];
}

/** More items than this are not followed one by one. */
const MOST_MARKS = 12;
/** When more than this share of the canvas is new, all of it is painted. */
const MOST_NEW = 0.5;

export class Picture {
  readonly #root: Frame;
  readonly #look: Look;
  readonly #surface: Surface;
  readonly #origin: Origin;

  constructor(root: Frame, look: Look, surface: Surface) {
    this.#root = root;
    this.#look = look;
    const { width, height, ratio } = surface;
    // A stage is its own surface and moves on.
    this.#surface = { camera: surface.camera, width, height, ratio };
    this.#origin = originOf(surface);
  }

  /** null: everything has to be painted. */
  move(root: Frame, look: Look, surface: Surface): Move | null {
    if (root !== this.#root || !sameScreen(this.#surface, surface) || !sameWords(this.#look, look)) return null;
    const [width, height] = sizeOf(surface);
    const origin = originOf(surface);
    const [dx, dy] = [origin.x - this.#origin.x, origin.y - this.#origin.y];
    const kept = (width - Math.abs(dx)) * (height - Math.abs(dy));
    if (Math.abs(dx) >= width || kept < (1 - MOST_NEW) * width * height) return null;
    return { dx, dy, strips: strips(dx, dy, width, height) };
  }

  /** Where marks came or went, in device pixels of the new picture; null where there are too many. */
  marks(look: Look, surface: Surface): readonly Rect[] | null {
    const chosen = difference(this.#look.selected, look.selected);
    const touched = new Set([...chosen, ...unequal(this.#look.hover, look.hover)]);
    for (const item of unequal(this.#look.current, look.current)) touched.add(item);
    if (touched.size > MOST_MARKS) return null;
    const edges = sameEdge(this.#look.hoverEdge, look.hoverEdge) ? [] : [this.#look.hoverEdge, look.hoverEdge];
    const places = [...[...touched].flatMap((item) => this.#around(item, chosen.size > 0)), ...this.#courses(edges)];
    const reach = OUTLINE_REACH / Math.min(1, surface.camera.scale) + OUTLINE_REACH;
    const regions = places.flatMap((rect) => inside(grown(rect, reach), surface));
    const [width, height] = sizeOf(surface);
    return regions.reduce((sum, { w, h }) => sum + w * h, 0) > MOST_NEW * width * height ? null : regions;
  }

  /** An item, and the edges that are drawn strong when it is selected. */
  #around(item: number, edges: boolean): Rect[] {
    const placed = place(this.#root, this.#look, item);
    if (!placed) return [];
    const { parent, rect } = placed;
    if (!edges) return [rect];
    const index = parent.boxes.indexOf(item);
    const { from, to, count } = parent.edges;
    const [dx, dy] = [rect.x - parent.layout.x[index]!, rect.y - parent.layout.y[index]!];
    const all = [rect];
    for (let e = 0; e < count; e += 1) if (from[e] === index || to[e] === index) all.push(course(parent, e, dx, dy));
    return [all.reduce(union)];
  }

  #courses(edges: readonly (EdgeRef | null)[]): Rect[] {
    return edges.flatMap((ref) => {
      if (!ref) return [];
      const root = this.#root;
      const placed = ref.item === root.item ? { frame: root, rect: rootRect(root) } : place(root, this.#look, ref.item);
      if (!placed?.frame) return [];
      const { frame, rect } = placed;
      return [course(frame, ref.edge, rect.x + frame.dx, rect.y + frame.dy)];
    });
  }
}

/** Where an item is drawn, in world units. */
export function place(root: Frame, { model }: Look, item: number): Placed | null {
  const path: number[] = [];
  for (let at = model.tree.parent[item] ?? -1; at >= 0; at = model.tree.parent[at]!) path.unshift(at);
  return locate(root, path, item);
}

function course(frame: Frame, e: number, x: number, y: number): Rect {
  const [left, top, right, bottom] = frame.bounds.subarray(4 * e, 4 * e + 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  return grown({ x: x + left, y: y + top, w: right - left, h: bottom - top }, EDGE_MARGIN);
}

function grown({ x, y, w, h }: Rect, by: number): Rect {
  return { x: x - by, y: y - by, w: w + 2 * by, h: h + 2 * by };
}

function sameScreen(a: Surface, b: Surface): boolean {
  return a.width === b.width && a.height === b.height && a.ratio === b.ratio && a.camera.scale === b.camera.scale;
}

/** Whether everything but marks is the same. */
function sameWords(a: Look, b: Look): boolean {
  return (
    a.model === b.model &&
    a.coloring === b.coloring &&
    a.edgeColoring === b.edgeColoring &&
    a.emphasis === b.emphasis &&
    a.change === b.change &&
    a.theme === b.theme &&
    a.tween === null &&
    b.tween === null
  );
}

function sameEdge(a: EdgeRef | null, b: EdgeRef | null): boolean {
  return a?.item === b?.item && a?.edge === b?.edge;
}

/** What a picture that has moved leaves uncovered. */
function strips(dx: number, dy: number, width: number, height: number): Rect[] {
  const found: Rect[] = [];
  if (dy !== 0) found.push({ x: 0, y: dy > 0 ? 0 : height + dy, w: width, h: Math.abs(dy) });
  const y = Math.max(0, dy);
  if (dx !== 0) found.push({ x: dx > 0 ? 0 : width + dx, y, w: Math.abs(dx), h: height - Math.abs(dy) });
  return found;
}

/** The visible part of a world rectangle in whole device pixels. */
function inside(rect: Rect, surface: Surface): Rect[] {
  const [width, height] = sizeOf(surface);
  const zoom = surface.camera.scale * surface.ratio;
  const origin = originOf(surface);
  const margin = 2 * surface.ratio;
  const x0 = Math.max(0, Math.floor(rect.x * zoom + origin.x - margin));
  const y0 = Math.max(0, Math.floor(rect.y * zoom + origin.y - margin));
  const x1 = Math.min(width, Math.ceil((rect.x + rect.w) * zoom + origin.x + margin));
  const y1 = Math.min(height, Math.ceil((rect.y + rect.h) * zoom + origin.y + margin));
  return x0 < x1 && y0 < y1 ? [{ x: x0, y: y0, w: x1 - x0, h: y1 - y0 }] : [];
}

/** Width and height in device pixels. */
export function sizeOf({ width, height, ratio }: Surface): readonly [number, number] {
  return [Math.round(width * ratio), Math.round(height * ratio)];
}

function difference(a: ReadonlySet<number>, b: ReadonlySet<number>): Set<number> {
  const items = new Set<number>();
  for (const item of a) if (!b.has(item)) items.add(item);
  for (const item of b) if (!a.has(item)) items.add(item);
  return items;
}

/** Both items where they differ, -1 being none. */
function unequal(a: number, b: number): number[] {
  return a === b ? [] : [a, b].filter((item) => item >= 0);
}
