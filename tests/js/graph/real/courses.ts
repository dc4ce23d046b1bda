/** Edges as the painter draws them, as polylines. */

import { traceCourse } from "../../../../js/src/graph/paint/edges";
import type { Frame } from "../../../../js/src/graph/scene/frame";

/** x, y, x, y, … */
export type Polyline = number[];

/** Pieces that a curve is taken as. */
const PIECES = 12;

/** Courses of the edges of one open group, empty for an edge that is drawn as stubs. */
export function drawnCourses(frame: Frame): Polyline[] {
  return Array.from({ length: frame.edges.count }, (_, e) => {
    const pen = new Pen();
    if (!frame.layout.stub[e]) traceCourse(pen as unknown as CanvasRenderingContext2D, frame, e);
    return pen.line;
  });
}

/** Takes down what a canvas would draw. */
class Pen {
  readonly line: Polyline = [];

  moveTo(x: number, y: number): void {
    this.line.push(x, y);
  }

  lineTo(x: number, y: number): void {
    this.line.push(x, y);
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x3: number, y3: number): void {
    const [x0, y0] = this.line.slice(-2) as [number, number];
    for (let i = 1; i <= PIECES; i += 1) {
      const t = i / PIECES;
      this.line.push(cubic(x0, x1, x2, x3, t), cubic(y0, y1, y2, y3, t));
    }
  }
}

function cubic(a: number, b: number, c: number, d: number, t: number): number {
  const s = 1 - t;
  return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
}
