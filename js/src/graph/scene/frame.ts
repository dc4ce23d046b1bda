/** An open group as it is drawn: its boxes at their places, its edges, its border points. */

import type { Layout } from "../layout/types.js";
import type { LocalEdges, Ports } from "./local.js";
import { FRAME } from "./sizes.js";

export interface Frame {
  readonly item: number;
  readonly boxes: readonly number[];
  /** Index of a box by its item. */
  readonly kids: readonly (Frame | null)[];
  readonly edges: LocalEdges;
  readonly ports: Ports;
  readonly layout: Layout;
  readonly w: number;
  readonly h: number;
  /** Top left of the layout inside the frame. */
  readonly dx: number;
  readonly dy: number;
  /** Per edge: left, top, right, bottom of its course. */
  readonly bounds: Float32Array;
  /** Per edge: 1 where it runs beside a longer path into an addition or concatenation. */
  readonly skip: Uint8Array;
  /** Width and height of each box. */
  readonly sizes: Float64Array;
  /** Boxes in this frame and all below it. */
  readonly nodes: number;
}

export interface FrameContent {
  readonly boxes: readonly number[];
  readonly kids: readonly (Frame | null)[];
  readonly edges: LocalEdges;
  readonly ports: Ports;
  readonly skip: Uint8Array;
  readonly sizes: Float64Array;
}

/** The root frame has no border and no title. */
export function makeFrame(item: number, content: FrameContent, layout: Layout, bare: boolean, minWidth: number): Frame {
  const side = bare ? 0 : FRAME.pad;
  const top = bare ? 0 : FRAME.title + FRAME.inner;
  const w = Math.max(layout.width + 2 * side, minWidth);
  return {
    item,
    ...content,
    layout,
    w,
    h: layout.height + top + (bare ? 0 : FRAME.inner),
    dx: (w - layout.width) / 2,
    dy: top,
    bounds: courseBounds(layout),
    nodes: content.kids.reduce((sum, kid) => sum + (kid?.nodes ?? 0), content.boxes.length),
  };
}

/** Horizontal distance of a border point from the centre of the frame. */
export function portOffset(frame: Frame, side: "in" | "out", port: number): number {
  const first = frame.boxes.length + (side === "in" ? 0 : frame.ports.inputs.length);
  const x = frame.layout.x[first + port];
  return x === undefined ? 0 : frame.dx + x - frame.w / 2;
}

const boundsOf = new WeakMap<Layout, Float32Array>();

/** Shared by all frames that share the layout. */
function courseBounds(layout: Layout): Float32Array {
  const known = boundsOf.get(layout);
  if (known) return known;
  const edges = layout.start.length - 1;
  const bounds = new Float32Array(4 * edges);
  for (let e = 0; e < edges; e += 1) measure(layout, e, bounds);
  boundsOf.set(layout, bounds);
  return bounds;
}

function measure(layout: Layout, e: number, bounds: Float32Array): void {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = layout.start[e]!; i < layout.start[e + 1]!; i += 1) {
    const [x, y] = [layout.points[2 * i]!, layout.points[2 * i + 1]!];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  bounds.set([left, top, right, bottom], 4 * e);
}
