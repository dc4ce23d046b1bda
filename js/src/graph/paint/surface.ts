/** What pictures are painted on. */

import type { Camera } from "./camera.js";

/** A picture's size in CSS pixels, with `ratio` device pixels to each, and the part of the world it shows. */
export interface Surface {
  readonly camera: Camera;
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  /** false: without the names of groups that are written over a picture from far away. */
  readonly names?: boolean;
}

type CanvasPart =
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "globalAlpha"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "lineCap"
  | "lineJoin"
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "bezierCurveTo"
  | "quadraticCurveTo"
  | "arc"
  | "closePath"
  | "rect"
  | "roundRect"
  | "fill"
  | "stroke"
  | "setLineDash"
  | "fillRect"
  | "fillText"
  | "measureText"
  | "setTransform";

/** The part of a canvas that the painters use, which an SVG file can answer too. */
export type Ctx = Pick<CanvasRenderingContext2D, CanvasPart> & SvgPart;

/** What only a vector file understands. */
export interface SvgPart {
  /** Strokes a path of 16 × 16 with its upper left corner at (`x`, `y`). */
  strokeIcon?(path: string, x: number, y: number): void;
  /** What is painted until `close` belongs together and has a name. */
  open?(title: string): void;
  close?(): void;
}
