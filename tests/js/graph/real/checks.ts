/** What holds of every drawing of a group. Each check throws with the place that is wrong. */

import type { LayoutInput } from "../../../../js/src/graph/layout/types";
import type { Frame } from "../../../../js/src/graph/scene/frame";
import { FRAME } from "../../../../js/src/graph/scene/sizes";
import { drawnCourses, type Polyline } from "./courses";

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Lines may touch a border. */
const TOUCH = 0.5;
const EXACT = 1e-6;

export function checkDrawing(frame: Frame, input: LayoutInput): void {
  const boxes = boxesOf(frame);
  const courses = drawnCourses(frame);
  checkApart(boxes);
  checkInside(frame, boxes, courses);
  checkClear(boxes, courses);
  checkAttached(frame, input, courses);
  checkDirection(frame, boxes, courses);
  checkPorts(frame, input);
}

export function boxesOf(frame: Frame): Box[] {
  const { layout, sizes } = frame;
  return frame.boxes.map((_, i) => {
    const [left, top] = [layout.x[i]!, layout.y[i]!];
    return { left, top, right: left + sizes[2 * i]!, bottom: top + sizes[2 * i + 1]! };
  });
}

/** No two boxes overlap. */
export function checkApart(boxes: readonly Box[]): void {
  const sorted = boxes.toSorted((a, b) => a.top - b.top);
  sorted.forEach((a, i) => {
    for (let k = i + 1; k < sorted.length && sorted[k]!.top < a.bottom - EXACT; k += 1) {
      const b = sorted[k]!;
      if (b.left < a.right - EXACT && a.left < b.right - EXACT) fail("boxes overlap", a, b);
    }
  });
}

/** All is drawn within the bounds that the layout states. */
function checkInside(frame: Frame, boxes: readonly Box[], courses: readonly Polyline[]): void {
  const { width, height } = frame.layout;
  for (const box of boxes) {
    if (box.left < -EXACT || box.top < -EXACT) fail("a box sticks out", box);
    if (box.right > width + EXACT || box.bottom > height + EXACT) fail("a box sticks out", box, { width, height });
  }
  courses.forEach((course, e) => {
    for (let i = 0; i < course.length; i += 2) {
      const [x, y] = [course[i]!, course[i + 1]!];
      const outside = x < -EXACT || x > width + EXACT || y < -FRAME.inner - EXACT || y > height + FRAME.inner + EXACT;
      if (outside) fail("an edge leaves the drawing", { e, x, y, width, height });
    }
  });
}

/** No edge runs through a box: neither a foreign one nor one of its own ends. */
function checkClear(boxes: readonly Box[], courses: readonly Polyline[]): void {
  const sorted = boxes.toSorted((a, b) => a.top - b.top);
  const tallest = boxes.reduce((most, { top, bottom }) => Math.max(most, bottom - top), 0);
  courses.forEach((course, e) => {
    for (let i = 2; i < course.length; i += 2) {
      const line = course.slice(i - 2, i + 2);
      const [upper, lower] = [Math.min(line[1]!, line[3]!), Math.max(line[1]!, line[3]!)];
      for (let k = firstFrom(sorted, upper - tallest); k < sorted.length && sorted[k]!.top < lower; k += 1) {
        if (cuts(line, sorted[k]!)) fail("an edge runs through a box", { e, line }, sorted[k]!);
      }
    }
  });
}

/** The first box whose top is at or below `y`. */
function firstFrom(sorted: readonly Box[], y: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.top < y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Liang and Barsky (1984): whether a piece of the line lies inside the box. */
function cuts([x0, y0, x1, y1]: readonly number[], box: Box): boolean {
  let [enter, leave] = [0, 1];
  const sides = [
    [x0! - x1!, x0! - box.left - TOUCH],
    [x1! - x0!, box.right - TOUCH - x0!],
    [y0! - y1!, y0! - box.top - TOUCH],
    [y1! - y0!, box.bottom - TOUCH - y0!],
  ] as const;
  for (const [step, room] of sides) {
    if (step === 0 && room < 0) return false;
    if (step < 0) enter = Math.max(enter, room / step);
    else if (step > 0) leave = Math.min(leave, room / step);
  }
  return enter < leave;
}

/** An edge begins and ends at its points on the boxes, or on the border. */
function checkAttached(frame: Frame, input: LayoutInput, courses: readonly Polyline[]): void {
  const { x, y } = frame.layout;
  courses.forEach((course, e) => {
    if (course.length === 0) return;
    const [from, to] = [input.from[e]!, input.to[e]!];
    const up = frame.layout.rank[from]! > frame.layout.rank[to]!;
    const begin = [x[from]! + input.width[from]! / 2 + input.fromDx[e]!, y[from]! + (up ? 0 : input.height[from]!)];
    const end = [x[to]! + input.width[to]! / 2 + input.toDx[e]!, y[to]! + (up ? input.height[to]! : 0)];
    if (from >= input.n) begin[1]! -= FRAME.inner;
    if (to >= input.n) end[1]! += FRAME.inner;
    const off = [begin[0]! - course[0]!, begin[1]! - course[1]!, end[0]! - course.at(-2)!, end[1]! - course.at(-1)!];
    if (off.some((value) => Math.abs(value) > EXACT)) fail("an edge does not meet its ends", { e, from, to, off });
  });
}

/** Edges run down all the way, those to the next column down, up the gutter and down; what closes a cycle runs up. */
function checkDirection(frame: Frame, boxes: readonly Box[], courses: readonly Polyline[]): void {
  const { from, to } = frame.edges;
  const { rank } = frame.layout;
  courses.forEach((course, e) => {
    if (course.length === 0) return;
    const sign = rank[from[e]!]! < rank[to[e]!]! ? 1 : -1;
    const turns = turnsOf(course, sign);
    const [a, b] = [boxes[from[e]!], boxes[to[e]!]];
    const aside = a !== undefined && b !== undefined && (a.right < b.left || b.right < a.left);
    if (turns !== 0 && !(turns === 2 && aside)) fail("an edge turns about", { e, turns });
  });
}

/** How often a line changes between down and up; one that begins in the wrong direction turns once more. */
function turnsOf(course: Polyline, sign: number): number {
  let [direction, turns] = [sign, 0];
  for (let i = 3; i < course.length; i += 2) {
    const step = course[i]! - course[i - 2]!;
    if (Math.abs(step) < EXACT || Math.sign(step) === direction) continue;
    direction = Math.sign(step);
    turns += 1;
  }
  return turns;
}

/** Border points stand on the border: inputs above, outputs below. */
function checkPorts({ layout }: Frame, { n, inPorts }: LayoutInput): void {
  const { x, y, width, height } = layout;
  for (let port = n; port < x.length; port += 1) {
    const border = port < n + inPorts ? 0 : height;
    if (y[port] !== border || x[port]! < 0 || x[port]! > width) fail("a border point is off the border", { port });
  }
}

/** Boxes that hang on each other alone stand in one line; each column begins anew. */
export function checkStraight(frame: Frame, input: LayoutInput): void {
  const { x, y, stub } = frame.layout;
  const degree = (ends: Int32Array): Int32Array => {
    const counts = new Int32Array(x.length);
    ends.forEach((end, e) => {
      if (!stub[e]) counts[end]! += 1;
    });
    return counts;
  };
  const [out, into] = [degree(input.from), degree(input.to)];
  for (let e = 0; e < input.edges; e += 1) {
    const [from, to] = [input.from[e]!, input.to[e]!];
    const alone = out[from] === 1 && into[to] === 1 && from < input.n && to < input.n && !stub[e];
    const plain = input.fromDx[e] === 0 && input.toDx[e] === 0;
    const nextColumn = y[to]! < y[from]! + input.height[from]!;
    if (!alone || !plain || nextColumn) continue;
    const bend = x[from]! + input.width[from]! / 2 - x[to]! - input.width[to]! / 2;
    if (Math.abs(bend) > EXACT) fail("a chain is bent", { from, to, bend });
  }
}

function fail(what: string, ...where: unknown[]): never {
  throw new Error(`${what}: ${where.map((value) => JSON.stringify(value)).join(", ")}`);
}
