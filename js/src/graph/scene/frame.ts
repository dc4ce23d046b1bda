/** An open group as it is drawn: its boxes at their places, its edges, its border points. */

import type { Layout } from "../layout/types.js";
import type { LocalEdges } from "./local.js";
import type { Ports } from "./ports.js";
import { borderOffset, type Shape } from "./shape.js";

export interface Frame {
  readonly item: number;
  readonly boxes: readonly number[];
  /** The open groups among the boxes, by the same index. */
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

/** Where a frame finds what it does not share with others of its shape. */
export interface FrameSource {
  kids(boxes: readonly number[]): (Frame | null)[];
  ports(shown: number): Ports;
  edges(shown: number): LocalEdges;
  skips(edges: LocalEdges, layout: Layout): Uint8Array;
}

/**
 * A frame of a shape. Its own boxes, tensors and inner frames are looked up when somebody asks: of the thousands of
 * groups that are open at once few are ever seen close by.
 */
export class SharedFrame implements Frame {
  readonly item: number;
  readonly boxes: readonly number[];
  readonly edges: LocalEdges;
  readonly #shape: Shape;
  readonly #shown: number;
  readonly #source: FrameSource;
  #kids: readonly (Frame | null)[] | null = null;
  #skip: Uint8Array | null = null;

  /** `shown`: the group itself, or the instance that stands in for a run. */
  constructor(item: number, shown: number, boxes: readonly number[], shape: Shape, source: FrameSource) {
    this.item = item;
    this.boxes = boxes;
    this.#shape = shape;
    this.#shown = shown;
    this.#source = source;
    this.edges = shape.origin === shown ? shape.edges : new SharedEdges(shape.edges, () => source.edges(shown));
  }

  get layout(): Layout {
    return this.#shape.layout;
  }

  get w(): number {
    return this.#shape.w;
  }

  get h(): number {
    return this.#shape.h;
  }

  get dx(): number {
    return this.#shape.dx;
  }

  get dy(): number {
    return this.#shape.dy;
  }

  get sizes(): Float64Array {
    return this.#shape.sizes;
  }

  get nodes(): number {
    return this.#shape.nodes;
  }

  get bounds(): Float32Array {
    return courseBounds(this.#shape.layout);
  }

  get ports(): Ports {
    return this.#source.ports(this.#shown);
  }

  get kids(): readonly (Frame | null)[] {
    this.#kids ??= this.#source.kids(this.boxes).map((kid, i) => (kid && this.#fits(kid, i) ? kid : null));
    return this.#kids;
  }

  /** While a new layout is under way the old one may have no room for what was opened since. */
  #fits(kid: Frame, i: number): boolean {
    return this.sizes[2 * i] === kid.w && this.sizes[2 * i + 1] === kid.h;
  }

  get skip(): Uint8Array {
    this.#skip ??= this.#source.skips(this.edges, this.#shape.layout);
    return this.#skip;
  }
}

/** The edges of a shape with the tensors of another group. */
class SharedEdges implements LocalEdges {
  readonly count: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly fromPort: Int32Array;
  readonly toPort: Int32Array;
  readonly #shared: LocalEdges;
  readonly #load: () => LocalEdges;
  #own: LocalEdges | null = null;

  constructor(shared: LocalEdges, load: () => LocalEdges) {
    this.#shared = shared;
    this.count = shared.count;
    this.from = shared.from;
    this.to = shared.to;
    this.fromPort = shared.fromPort;
    this.toPort = shared.toPort;
    this.#load = load;
  }

  get tensor(): Int32Array {
    return this.#loaded().tensor;
  }

  get sample(): Int32Array {
    return this.#loaded().sample;
  }

  /** While a new layout is under way edges may have become others than the old one knows. */
  #loaded(): LocalEdges {
    if (!this.#own) {
      const own = this.#load();
      this.#own = own.count === this.count ? own : this.#shared;
    }
    return this.#own;
  }
}

/** Horizontal distance of a border point from the centre of the frame. */
export function portOffset(frame: Frame, side: "in" | "out", port: number): number {
  return borderOffset(frame, frame.boxes.length + (side === "in" ? 0 : frame.ports.inputs.length) + port);
}

const NO_INTS = new Int32Array();
const NO_FLOATS = new Float64Array();

/** A group whose layout is not there yet. */
export function blankFrame(item: number): Frame {
  return {
    item,
    boxes: [],
    kids: [],
    edges: {
      count: 0,
      from: NO_INTS,
      to: NO_INTS,
      fromPort: NO_INTS,
      toPort: NO_INTS,
      tensor: NO_INTS,
      sample: NO_INTS,
    },
    ports: { inputs: [], outputs: [] },
    layout: {
      width: 0,
      height: 0,
      x: NO_FLOATS,
      y: NO_FLOATS,
      rank: NO_INTS,
      start: new Int32Array(1),
      points: NO_FLOATS,
      stub: new Uint8Array(),
    },
    w: 0,
    h: 0,
    dx: 0,
    dy: 0,
    bounds: new Float32Array(),
    skip: new Uint8Array(),
    sizes: NO_FLOATS,
    nodes: 0,
  };
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
