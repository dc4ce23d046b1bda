/** The geometry of an open group, shared by all groups that look the same. */

import type { Layout, LayoutInput } from "../layout/types.js";
import type { LocalEdges } from "./local.js";
import type { Ports } from "./ports.js";
import { FRAME, type Size } from "./sizes.js";

/** An open group keeps room for its title and buttons. */
const MIN_FRAME_WIDTH = 236;

export interface Shape {
  /** Groups with the same key have the same shape. */
  readonly key: number;
  readonly layout: Layout;
  readonly w: number;
  readonly h: number;
  /** Top left of the layout inside the frame. */
  readonly dx: number;
  readonly dy: number;
  /** Width and height of each box. */
  readonly sizes: Float64Array;
  /** Boxes in this group and all below it. */
  readonly nodes: number;
  readonly inputs: number;
  /** The group that the shape was worked out from, and its edges. */
  readonly origin: number;
  readonly edges: LocalEdges;
}

/** What a shape is made from; `kids` are the shapes of open boxes. */
export interface ShapeParts {
  readonly key: number;
  readonly origin: number;
  readonly edges: LocalEdges;
  readonly ports: Ports;
  readonly kids: readonly (Shape | null)[];
  /** Without border and title, as the whole graph is. */
  readonly bare: boolean;
}

export function layoutInput(parts: ShapeParts, closed: (i: number) => Size): LayoutInput {
  const { edges, kids, ports } = parts;
  const [n, inPorts, outPorts] = [kids.length, ports.inputs.length, ports.outputs.length];
  const width = new Float64Array(n + inPorts + outPorts);
  const height = new Float64Array(n + inPorts + outPorts);
  kids.forEach((kid, i) => {
    const size = kid ?? closed(i);
    width[i] = size.w;
    height[i] = size.h;
  });
  return {
    n,
    inPorts,
    outPorts,
    width,
    height,
    edges: edges.count,
    from: edges.from,
    to: edges.to,
    fromDx: offsets(kids, edges.from, edges.fromPort, "out"),
    toDx: offsets(kids, edges.to, edges.toPort, "in"),
  };
}

function offsets(
  kids: readonly (Shape | null)[],
  ends: Int32Array,
  ports: Int32Array,
  side: "in" | "out",
): Float64Array {
  const dx = new Float64Array(ports.length);
  for (let e = 0; e < ports.length; e += 1) {
    const kid = ports[e]! < 0 ? null : kids[ends[e]!];
    if (kid) dx[e] = portOffset(kid, side, ports[e]!);
  }
  return dx;
}

function portOffset(shape: Shape, side: "in" | "out", port: number): number {
  return borderOffset(shape, shape.sizes.length / 2 + (side === "in" ? 0 : shape.inputs) + port);
}

/** Horizontal distance of a border point from the centre of its group, by its number among the nodes of the layout. */
export function borderOffset({ layout, dx, w }: Pick<Shape, "layout" | "dx" | "w">, node: number): number {
  const x = layout.x[node];
  return x === undefined ? 0 : dx + x - w / 2;
}

export function makeShape(parts: ShapeParts, input: LayoutInput, layout: Layout): Shape {
  const { key, origin, edges, ports, kids, bare } = parts;
  const side = bare ? 0 : FRAME.pad;
  const top = bare ? 0 : FRAME.title + FRAME.inner;
  const w = Math.max(layout.width + 2 * side, bare ? 0 : MIN_FRAME_WIDTH);
  return {
    key,
    layout,
    w,
    h: layout.height + top + (bare ? 0 : FRAME.inner),
    dx: (w - layout.width) / 2,
    dy: top,
    sizes: boxSizes(input),
    nodes: kids.reduce((sum, kid) => sum + (kid?.nodes ?? 0), kids.length),
    inputs: ports.inputs.length,
    origin,
    edges,
  };
}

function boxSizes(input: LayoutInput): Float64Array {
  const sizes = new Float64Array(2 * input.n);
  for (let i = 0; i < input.n; i += 1) {
    sizes[2 * i] = input.width[i]!;
    sizes[2 * i + 1] = input.height[i]!;
  }
  return sizes;
}
