/**
 * Sets the columns of a drawing that was cut side by side, read like a newspaper: a hundred ranks one below the other
 * would be a thread on the screen. Edges across a cut run up the gutter to the next column. Border points stand above
 * or below the column that they belong to.
 */

import { GUTTER } from "./cuts.js";
import { homeColumns } from "./homes.js";
import { assignLanes, type Lanes, type Passage, roundedLine } from "./lanes.js";
import type { Layout, LayoutInput } from "./types.js";

/** Room above and below columns for edges to turn. */
const TURN = 30;
const LANE = 12;
/** Between the turns of neighbouring lines, and between a column and the first of them. */
const TIER = 5;
const FIRST_TIER = 14;

export function setColumns(input: LayoutInput, layout: Layout, column: Int32Array): Layout {
  return new Setter(input, layout, column).run();
}

interface Extent {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

class Setter {
  readonly #input: LayoutInput;
  readonly #layout: Layout;
  readonly #column: Int32Array;
  readonly #home: Int32Array;
  readonly #lanes: Lanes;
  readonly #stub: Uint8Array;
  readonly #portX: Float64Array;
  /** Shift of each column, and the first lane of the gutter after it. */
  readonly #dx: number[] = [];
  readonly #dy: number[] = [];
  readonly #gutter: number[] = [];
  #width = 0;
  #height = 0;

  constructor(input: LayoutInput, layout: Layout, column: Int32Array) {
    this.#input = input;
    this.#layout = layout;
    this.#column = column;
    this.#home = homeColumns(input, layout, column);
    this.#lanes = assignLanes(input, layout, column);
    this.#stub = layout.stub.map((stub, e) => (stub || this.#lanes.crowded[e] ? 1 : 0));
    this.#portX = new Float64Array(layout.x.length).fill(Number.NaN);
  }

  run(): Layout {
    this.#place();
    const courses = Array.from({ length: this.#input.edges }, (_, e) => (this.#stub[e] ? [] : this.#course(e)));
    const [x, y] = [this.#movedX(), this.#movedY()];
    const start = new Int32Array(courses.length + 1);
    courses.forEach((course, e) => {
      if (this.#stub[e]) course.push(...this.#ends(e, x, y));
      start[e + 1] = start[e]! + course.length / 2;
    });
    const points = new Float64Array(2 * start.at(-1)!);
    courses.forEach((course, e) => {
      points.set(course, 2 * start[e]!);
    });
    return { ...this.#layout, x, y, width: this.#width, height: this.#height, points, start, stub: this.#stub };
  }

  #place(): void {
    let x = 0;
    this.#extents().forEach(({ left, right, top, bottom }, column) => {
      this.#dx[column] = x - left;
      this.#dy[column] = TURN * 2 - top;
      this.#width = x + right - left;
      this.#height = Math.max(this.#height, bottom - top + TURN * 4);
      this.#gutter[column] = this.#width + GUTTER / 2;
      x = this.#width + GUTTER + LANE * Math.max(0, (this.#lanes.count[column] ?? 0) - 1);
    });
  }

  #extents(): Extent[] {
    const { x, y } = this.#layout;
    const { n, width, height, edges } = this.#input;
    const extents = Array.from({ length: this.#column.at(-1)! + 1 }, () => ({
      left: Number.POSITIVE_INFINITY,
      right: Number.NEGATIVE_INFINITY,
      top: Number.POSITIVE_INFINITY,
      bottom: Number.NEGATIVE_INFINITY,
    }));
    const widen = (extent: Extent, left: number, right: number, top: number, bottom: number): void => {
      extent.left = Math.min(extent.left, left);
      extent.right = Math.max(extent.right, right);
      extent.top = Math.min(extent.top, top);
      extent.bottom = Math.max(extent.bottom, bottom);
    };
    for (let node = 0; node < n; node += 1) {
      const [left, top] = [x[node]!, y[node]!];
      widen(extents[this.#home[node]!]!, left, left + width[node]!, top, top + height[node]!);
    }
    for (let e = 0; e < edges; e += 1) {
      this.#eachPair(e, (px, top, bottom, column) => {
        const extent = extents[column]!;
        // A border point without a box in its rank must not push the column down.
        if (extent.left <= extent.right)
          widen(extent, px, px, Math.max(extent.top, top), Math.min(extent.bottom, bottom));
      });
    }
    return extents;
  }

  /** The straight pieces of an edge that are drawn; an edge to the border has none but those in its column. */
  #eachPair(e: number, visit: (x: number, first: number, second: number, column: number) => void): void {
    if (this.#stub[e]) return;
    const { rank, start, points } = this.#layout;
    const { n, from, to } = this.#input;
    const [a, b] = [from[e]!, to[e]!];
    const only = a >= n || b >= n ? this.#home[a]! : -1;
    const step = rank[a]! <= rank[b]! ? 1 : -1;
    for (let i = start[e]!, at = rank[a]!; i < start[e + 1]!; i += 2, at += step) {
      const column = this.#column[at]!;
      if (only < 0 || only === column) visit(points[2 * i]!, points[2 * i + 1]!, points[2 * i + 3]!, column);
    }
  }

  #course(e: number): number[] {
    const course: number[] = [];
    let before = -1;
    this.#eachPair(e, (x, first, second, column) => {
      const [left, y] = [x + this.#dx[column]!, first + this.#dy[column]!];
      const passage = this.#lanes.passage[e];
      if (before >= 0 && column !== before && passage) {
        const [from, to] = [course.slice(-2) as [number, number], [left, y] as [number, number]];
        course.push(...this.#pass(passage, Math.min(before, column), from, to, before < column));
      }
      course.push(left, y, left, second + this.#dy[column]!);
      before = column;
    });
    this.#reachBorder(e, course);
    return course;
  }

  #pass(passage: Passage, gutter: number, from: [number, number], to: [number, number], down: boolean): number[] {
    const lane = this.#gutter[gutter]! + LANE * passage.lane;
    const [upper, lower] = down ? [from, to] : [to, from];
    const under = upper[1] + FIRST_TIER + TIER * passage.under;
    const over = lower[1] - FIRST_TIER - TIER * passage.over;
    const points: [number, number][] = [upper, [upper[0], under], [lane, under], [lane, over], [lower[0], over], lower];
    return roundedLine(down ? points : points.reverse());
  }

  /** Border points are on the border of the whole drawing, not of a column. */
  #reachBorder(e: number, course: number[]): void {
    const { n, from, to } = this.#input;
    const [source, target] = [from[e]!, to[e]!];
    if (source >= n) {
      const x = this.#portAt(source, course[0]!);
      if (this.#home[source] === 0) course[1] = 0;
      else course.unshift(x, 0, x, TURN);
    }
    if (target >= n) {
      const x = this.#portAt(target, course.at(-2)!);
      if (this.#home[target] === this.#column.at(-1)) course[course.length - 1] = this.#height;
      else course.push(x, this.#height - TURN, x, this.#height);
    }
  }

  /** The first edge of a border point says where it stands. */
  #portAt(port: number, x: number): number {
    if (Number.isNaN(this.#portX[port]!)) this.#portX[port] = x;
    return this.#portX[port]!;
  }

  #movedX(): Float64Array {
    return this.#layout.x.map((x, node) => {
      const port = this.#portX[node]!;
      return Number.isNaN(port) ? x + this.#dx[this.#home[node]!]! : port;
    });
  }

  #movedY(): Float64Array {
    const { n, inPorts } = this.#input;
    return this.#layout.y.map((y, node) => {
      if (node < n) return y + this.#dy[this.#home[node]!]!;
      return node < n + inPorts ? 0 : this.#height;
    });
  }

  #ends(e: number, x: Float64Array, y: Float64Array): number[] {
    const { from, to, fromDx, toDx, width, height } = this.#input;
    const [a, b] = [from[e]!, to[e]!];
    const [leave, arrive] = [x[a]! + width[a]! / 2 + fromDx[e]!, x[b]! + width[b]! / 2 + toDx[e]!];
    return [leave, y[a]! + height[a]!, arrive, y[b]!];
  }
}
