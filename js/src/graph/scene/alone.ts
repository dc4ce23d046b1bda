/** A group on show by itself: a root frame with a single box, which all that draws, hits and walks takes as any other. */

import type { Layout } from "../layout/types.js";
import { ROOT } from "../model/tree.js";
import type { Frame } from "./frame.js";

const NO_EDGES = {
  count: 0,
  from: new Int32Array(),
  to: new Int32Array(),
  fromPort: new Int32Array(),
  toPort: new Int32Array(),
  tensor: new Int32Array(),
  sample: new Int32Array(),
} as const;

export function alone(group: Frame): Frame {
  const { w, h, item, nodes } = group;
  return {
    item: ROOT,
    boxes: [item],
    kids: [group],
    edges: NO_EDGES,
    ports: { inputs: [], outputs: [] },
    layout: oneBox(w, h),
    w,
    h,
    dx: 0,
    dy: 0,
    bounds: new Float32Array(),
    skip: new Uint8Array(),
    sizes: Float64Array.of(w, h),
    nodes: nodes + 1,
  };
}

function oneBox(width: number, height: number): Layout {
  return {
    x: new Float64Array(1),
    y: new Float64Array(1),
    width,
    height,
    rank: new Int32Array(1),
    points: new Float64Array(),
    start: new Int32Array(1),
    stub: new Uint8Array(),
  };
}
