/**
 * Layout is pure functions on typed arrays, so that it can run in a worker and be remembered by its input.
 *
 * Nodes `0..n-1` are boxes in execution order; then come `inPorts` border points that stand above everything, then
 * `outPorts` that stand below. Attachment offsets (`fromDx`, `toDx`) are measured from the centre of the node.
 */
export interface LayoutInput {
  readonly n: number;
  readonly inPorts: number;
  readonly outPorts: number;
  readonly width: Float64Array;
  readonly height: Float64Array;
  readonly edges: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly fromDx: Float64Array;
  readonly toDx: Float64Array;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Left and top of each node; ports are points on the top and the bottom line. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly rank: Int32Array;
  /** Points of edge `e` are `points[2*start[e] .. 2*start[e+1])`; lines and curves alternate, a line first. */
  readonly start: Int32Array;
  readonly points: Float64Array;
  /** 1 for an edge that is not routed: only its two ends are given, to be drawn as stubs. */
  readonly stub: Uint8Array;
}

/** Edges that all run down the ranks, with the shared places where long ones pass through a rank. */
export interface Proper {
  /** Real nodes, ports, then dummies. */
  readonly count: number;
  readonly boxes: number;
  readonly real: number;
  readonly rank: Int32Array;
  readonly width: Float64Array;
  /** Segments between neighbouring ranks, unique. */
  readonly segments: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly fromDx: Float64Array;
  readonly toDx: Float64Array;
  /** How many edges run along a segment. */
  readonly weight: Int32Array;
  /** Nodes that edge `e` passes: `via[viaStart[e]..viaStart[e+1])`, both ends included, from upper to lower. */
  readonly viaStart: Int32Array;
  readonly via: Int32Array;
}

/** Nodes of each rank from left to right. */
export type Layers = Int32Array[];

export const GAP = {
  /** Between two boxes, a box and a passing edge, two passing edges. */
  box: 26,
  mixed: 18,
  edge: 12,
  /** Between two ranks. */
  rank: 34,
} as const;
