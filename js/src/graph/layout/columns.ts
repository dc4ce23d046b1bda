/**
 * Breaks a very tall drawing into columns, read like a newspaper: a hundred layers one below the other would be a
 * thread on the screen. Cuts are made between ranks, where few edges cross; those run up a gutter to the next column.
 */

import type { Layout, LayoutInput } from "./types.js";

/** Only what is taller than this, and this much taller than wide, is broken. */
const TALL = 7000;
const RATIO = 4;
/** Width to height of the result. */
const ASPECT = 1.5;
/** Room above and below columns for edges to turn. */
export const TURN = 30;
const GUTTER = 44;
const LANE = 12;
/** More edges across a cut than this become stubs. */
const MOST_LANES = 6;

export function breakColumns(input: LayoutInput, layout: Layout, ranks: number): Layout {
  if (layout.height < TALL || layout.height < RATIO * layout.width) return layout;
  return new Breaker(input, layout, ranks).run();
}

class Breaker {
  readonly #input: LayoutInput;
  readonly #layout: Layout;
  readonly #ranks: number;
  readonly #top: Float64Array;
  readonly #bottom: Float64Array;
  readonly #crossing: Int32Array;
  readonly #stub: Uint8Array;
  /** Column of each rank. */
  readonly #column: Int32Array;
  /** Shift of each column, and the left of the gutter after it. */
  #dx: number[] = [];
  #dy: number[] = [];
  #gutter: number[] = [];
  #width = 0;
  #height = 0;

  constructor(input: LayoutInput, layout: Layout, ranks: number) {
    this.#input = input;
    this.#layout = layout;
    this.#ranks = ranks;
    this.#top = new Float64Array(ranks).fill(Number.POSITIVE_INFINITY);
    this.#bottom = new Float64Array(ranks).fill(Number.NEGATIVE_INFINITY);
    this.#crossing = new Int32Array(ranks + 1);
    this.#stub = layout.stub.slice();
    this.#column = new Int32Array(ranks);
  }

  run(): Layout {
    this.#measureRanks();
    this.#cut();
    this.#place();
    const { points, start } = this.#courses();
    return {
      ...this.#layout,
      ...this.#moved(),
      width: this.#width,
      height: this.#height,
      points,
      start,
      stub: this.#stub,
    };
  }

  #measureRanks(): void {
    const { rank, y, stub } = this.#layout;
    const { height, from, to, edges } = this.#input;
    rank.forEach((r, node) => {
      this.#top[r] = Math.min(this.#top[r]!, y[node]!);
      this.#bottom[r] = Math.max(this.#bottom[r]!, y[node]! + height[node]!);
    });
    for (let e = 0; e < edges; e += 1) {
      if (stub[e]) continue;
      const [a, b] = [rank[from[e]!]!, rank[to[e]!]!];
      this.#crossing[Math.min(a, b) + 1]! += 1;
      this.#crossing[Math.max(a, b) + 1]! -= 1;
    }
    for (let r = 1; r <= this.#ranks; r += 1) this.#crossing[r]! += this.#crossing[r - 1]!;
  }

  /** Cuts before the rank nearest to the wanted height that fewest edges cross. */
  #cut(): void {
    const { width, height } = this.#layout;
    const columns = Math.max(2, Math.round(Math.sqrt((ASPECT * height) / (width + GUTTER))));
    const wanted = height / columns;
    let column = 0;
    let begin = 0;
    for (let r = 1; r < this.#ranks; r += 1) {
      const grown = this.#bottom[r]! - this.#top[begin]!;
      if (grown > wanted && this.#quiet(r, wanted)) {
        column += 1;
        begin = r;
      }
      this.#column[r] = column;
    }
  }

  /** Whether no rank within the next tenth of a column is crossed by fewer edges. */
  #quiet(r: number, wanted: number): boolean {
    for (let next = r + 1; next < this.#ranks; next += 1) {
      if (this.#top[next]! - this.#top[r]! > wanted * 0.1) return true;
      if (this.#crossing[next]! < this.#crossing[r]!) return false;
    }
    return true;
  }

  #place(): void {
    const extents = this.#extents();
    this.#gutter = [];
    let x = 0;
    extents.forEach(({ left, right, first }, column) => {
      this.#dx[column] = x - left;
      this.#dy[column] = TURN * 2 - this.#top[first]!;
      x += right - left + GUTTER / 2;
      this.#gutter[column] = x;
      x += GUTTER / 2 + LANE * Math.min(MOST_LANES, this.#crossing[extents[column + 1]?.first ?? 0]!);
    });
    this.#width = this.#gutter.at(-1)! - GUTTER / 2;
    this.#height = Math.max(...extents.map(({ last }, column) => this.#bottom[last]! + this.#dy[column]!)) + TURN * 2;
  }

  #extents(): { left: number; right: number; first: number; last: number }[] {
    const { rank, x, start, points } = this.#layout;
    const extents = Array.from({ length: this.#column.at(-1)! + 1 }, () => ({
      left: Number.POSITIVE_INFINITY,
      right: Number.NEGATIVE_INFINITY,
      first: Number.POSITIVE_INFINITY,
      last: 0,
    }));
    const widen = (r: number, left: number, right: number): void => {
      const extent = extents[this.#column[r]!]!;
      extent.left = Math.min(extent.left, left);
      extent.right = Math.max(extent.right, right);
      extent.first = Math.min(extent.first, r);
      extent.last = Math.max(extent.last, r);
    };
    rank.forEach((r, node) => {
      widen(r, x[node]!, x[node]! + this.#input.width[node]!);
    });
    for (let e = 0; e < this.#input.edges; e += 1) {
      if (this.#stub[e]) continue;
      for (let i = start[e]!; i < start[e + 1]!; i += 1) {
        widen(this.#rankAt(e, (i - start[e]!) >> 1), points[2 * i]!, points[2 * i]!);
      }
    }
    return extents;
  }

  /** Rank of the `pair`-th pair of points of an edge. */
  #rankAt(e: number, pair: number): number {
    const { rank } = this.#layout;
    const [a, b] = [rank[this.#input.from[e]!]!, rank[this.#input.to[e]!]!];
    return a <= b ? a + pair : a - pair;
  }

  #moved(): { x: Float64Array; y: Float64Array } {
    const { rank, x, y } = this.#layout;
    const { n, inPorts } = this.#input;
    const column = (node: number): number => this.#column[rank[node]!]!;
    return {
      x: x.map((value, node) => value + this.#dx[column(node)]!),
      y: y.map((value, node) => {
        if (node < n) return value + this.#dy[column(node)]!;
        return node < n + inPorts ? 0 : this.#height;
      }),
    };
  }

  #courses(): { start: Int32Array; points: Float64Array } {
    const lanes = this.#gutter.map(() => 0);
    const start = new Int32Array(this.#input.edges + 1);
    const points: number[] = [];
    for (let e = 0; e < this.#input.edges; e += 1) {
      const course = this.#course(e, lanes);
      for (const value of course) points.push(value);
      start[e + 1] = points.length / 2;
    }
    return { start, points: Float64Array.from(points) };
  }

  #course(e: number, lanes: number[]): number[] {
    if (this.#stub[e]) return this.#ends(e);
    const { start, points } = this.#layout;
    const course: number[] = [];
    let before = -1;
    for (let i = start[e]!; i < start[e + 1]!; i += 2) {
      const column = this.#column[this.#rankAt(e, (i - start[e]!) >> 1)]!;
      const [dx, dy] = [this.#dx[column]!, this.#dy[column]!];
      const pair = points.subarray(2 * i, 2 * i + 4);
      const moved = [pair[0]! + dx, pair[1]! + dy, pair[2]! + dx, pair[3]! + dy];
      if (before >= 0 && column !== before) {
        const lane = lanes[Math.min(before, column)]!++;
        if (lane >= MOST_LANES) return this.#becomeStub(e);
        const x = this.#gutter[Math.min(before, column)]! + lane * LANE;
        course.push(x, course.at(-1)!, x, moved[1]!);
      }
      course.push(...moved);
      before = column;
    }
    return this.#reachBorder(e, course);
  }

  #becomeStub(e: number): number[] {
    this.#stub[e] = 1;
    return this.#ends(e);
  }

  #ends(e: number): number[] {
    const { start, points, rank } = this.#layout;
    const { from, to } = this.#input;
    const [first, last] = [2 * start[e]!, 2 * start[e + 1]! - 2];
    const [a, b] = [this.#column[rank[from[e]!]!]!, this.#column[rank[to[e]!]!]!];
    return this.#reachBorder(e, [
      points[first]! + this.#dx[a]!,
      points[first + 1]! + this.#dy[a]!,
      points[last]! + this.#dx[b]!,
      points[last + 1]! + this.#dy[b]!,
    ]);
  }

  /** Border points are on the border of the whole drawing, not of a column. */
  #reachBorder(e: number, course: number[]): number[] {
    if (this.#input.from[e]! >= this.#input.n) course[1] = 0;
    if (this.#input.to[e]! >= this.#input.n) course[course.length - 1] = this.#height;
    return course;
  }
}
