/** Draws a picture with its axes. */

import { luminance, type Pixel, pixelColor, rgbOf } from "../../graph/paint/color.js";
import type { Coloring } from "../color/paint.js";
import { pixelsOf } from "../color/paint.js";
import type { Ink } from "../ink.js";
import { stretch } from "../reading.js";
import { isWhole, type Tile, valueAt } from "../tiles/tile.js";
import { numberText, shortText } from "../words.js";
import { type Axis, axisMarks } from "./axis.js";
import type { Camera, Scale, Size } from "./camera.js";

/** A value by its row and column. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** A picture within the axes. */
export interface Layer {
  readonly tile: Tile;
  readonly coloring: Coloring;
  readonly picture: CanvasImageSource | null;
  readonly stale: boolean;
}

export interface Scene extends Layer {
  /** What lies over the picture from `wipe` on; null: it is on its way. */
  readonly over?: Layer | null;
  /** Share of the picture in sight, from its left, that nothing lies over. */
  readonly wipe?: number;
  readonly camera: Camera;
  /** Pixels of a value. */
  readonly scale: Scale;
  readonly plot: Size & { readonly left: number; readonly top: number };
  readonly rows: Axis;
  readonly columns: Axis;
  readonly cursor: Place | null;
  /** Where somebody points in a picture beside this one. */
  readonly mark?: Place | null;
  /** Places along the columns with a mark, and what it says. */
  readonly flags: ReadonlyMap<number, "dead" | "outlier">;
  readonly ink: Ink;
}

type Context = CanvasRenderingContext2D;

const LABEL_ROOM = 14;
const NUMBER_ROOM = 44;
const MARK_ROOM = 14;
/** Pixels of a value that holds its number. */
const VALUE_WIDTH = 42;
const VALUE_HEIGHT = 18;

export const MARGINS = { numbers: { left: 34, bottom: 20 }, words: { left: 84, bottom: 76 }, top: 10, right: 8 };

export function drawScene(context: Context, scene: Scene): void {
  const { plot, ink } = scene;
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.width, plot.height);
  context.clip();
  context.translate(plot.left, plot.top);
  drawLayers(context, scene);
  if (scene.mark) drawRing(context, scene, scene.mark, 1);
  if (scene.cursor) drawRing(context, scene, scene.cursor, 2);
  context.restore();
  context.font = `11px ${ink.font}`;
  drawRows(context, scene);
  drawColumns(context, scene);
}

/** Pixels of the values from the corner of the plot, as far as there are any. */
export function extent({ tile, camera, scale, plot }: Pick<Scene, "tile" | "camera" | "scale" | "plot">): Size {
  return {
    width: Math.min(plot.width, (tile.fullWidth - camera.x) * scale.x),
    height: Math.min(plot.height, (tile.fullHeight - camera.y) * scale.y),
  };
}

function drawLayers(context: Context, scene: Scene): void {
  const { over, wipe = 1 } = scene;
  if (over === undefined) return drawLayer(context, scene);
  const { width, height } = extent(scene);
  const edge = wipe * width;
  clipped(context, -2, edge, height, () => drawLayer(context, scene));
  if (over) clipped(context, edge, width + 2, height, () => drawLayer(context, { ...scene, ...over }));
  if (wipe > 0 && wipe < 1) drawEdge(context, edge, height, scene.ink);
}

function drawLayer(context: Context, scene: Scene): void {
  drawPicture(context, scene);
  drawValues(context, scene);
}

function clipped(context: Context, left: number, right: number, height: number, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(left, -2, Math.max(0, right - left), height + 4);
  context.clip();
  draw();
  context.restore();
}

/** Where one picture ends and the other begins, with a grip. */
function drawEdge(context: Context, x: number, height: number, ink: Ink): void {
  context.fillStyle = ink.ground;
  context.fillRect(x - 2, 0, 4, height);
  context.fillStyle = ink.accent;
  context.fillRect(x - 1, 0, 2, height);
  context.beginPath();
  context.arc(x, height / 2, 7, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = ink.ground;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const side of [-1, 1]) {
    context.moveTo(x + 1.5 * side, height / 2 - 2.5);
    context.lineTo(x + 4 * side, height / 2);
    context.lineTo(x + 1.5 * side, height / 2 + 2.5);
  }
  context.stroke();
  context.lineWidth = 1;
}

function drawPicture(context: Context, scene: Scene): void {
  const { tile, picture, camera, scale, stale, ink } = scene;
  if (!picture) return;
  const [width, height] = [factor(tile.width, tile.fullWidth), factor(tile.height, tile.fullHeight)];
  const size = extent(scene);
  context.save();
  // The last pixel of a pooled picture stands for fewer values than the others.
  context.beginPath();
  context.rect(0, 0, size.width, size.height);
  context.clip();
  context.imageSmoothingEnabled = scale.x * width < 1 || scale.y * height < 1;
  context.globalAlpha = stale ? 0.5 : 1;
  const [w, h] = [tile.width * width * scale.x, tile.height * height * scale.y];
  context.drawImage(picture, -camera.x * scale.x, -camera.y * scale.y, w, h);
  context.restore();
  context.strokeStyle = ink.line;
  context.strokeRect(-0.5, -0.5, size.width + 1, size.height + 1);
}

function factor(length: number, full: number): number {
  const { first, last } = stretch(0, length, full);
  return last - first + 1;
}

/** The numbers themselves, where they fit into their pixels. */
function drawValues(context: Context, { tile, coloring, camera, scale, plot, ink }: Scene): void {
  if (!isWhole(tile) || scale.x < VALUE_WIDTH || scale.y < VALUE_HEIGHT) return;
  const pixels = pixelsOf(tile, coloring);
  context.font = `10px ${ink.font}`;
  context.textAlign = "center";
  const [bottom, right] = [camera.y + plot.height / scale.y, camera.x + plot.width / scale.x];
  for (let row = Math.floor(camera.y); row < Math.min(tile.height, bottom); row += 1) {
    for (let column = Math.floor(camera.x); column < Math.min(tile.width, right); column += 1) {
      context.fillStyle = inkOn(pixels[row * tile.width + column]!);
      const [x, y] = [(column + 0.5 - camera.x) * scale.x, (row + 0.5 - camera.y) * scale.y];
      context.fillText(pixelText(valueAt(tile, row, column)), x, y + 3.5, scale.x - 4);
    }
  }
}

function pixelText(value: number): string {
  return Number.isFinite(value) ? shortText(value) : numberText(value);
}

function inkOn(pixel: Pixel): string {
  return luminance(rgbOf(pixelColor(pixel))) > 0.3 ? "#000000" : "#ffffff";
}

function drawRing(context: Context, { camera, scale, ink }: Scene, at: Place, weight: number): void {
  const [x, y] = [(at.column - camera.x) * scale.x, (at.row - camera.y) * scale.y];
  const [w, h] = [Math.max(3, scale.x), Math.max(3, scale.y)];
  // Two rings, so that one of them stands out on every colour.
  for (const [color, out] of [
    [ink.ground, 2],
    [ink.text, 1],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = out === 2 ? 2 + weight : weight;
    context.strokeRect(x - out, y - out, w + 2 * out, h + 2 * out);
  }
  context.lineWidth = 1;
}

function drawRows(context: Context, { rows, camera, scale, plot, ink }: Scene): void {
  const last = camera.y + plot.height / scale.y;
  context.textAlign = "right";
  context.fillStyle = ink.muted;
  for (const { at, text } of axisMarks(rows, camera.y, last, scale.y, LABEL_ROOM)) {
    const y = plot.top + (at + 0.5 - camera.y) * scale.y;
    if (y > plot.top && y < plot.top + plot.height) context.fillText(text, plot.left - 5, y + 4, plot.left - 8);
  }
}

function drawColumns(context: Context, scene: Scene): void {
  const { columns, camera, scale, plot, ink, flags } = scene;
  const base = plot.top + extent(scene).height;
  const last = camera.x + plot.width / scale.x;
  const room = columns.words ? LABEL_ROOM : NUMBER_ROOM;
  const place = (at: number): number => plot.left + (at + 0.5 - camera.x) * scale.x;
  const inside = (x: number): boolean => x > plot.left && x < plot.left + plot.width;
  context.fillStyle = ink.muted;
  for (const { at, text } of axisMarks(columns, camera.x, last, scale.x, room)) {
    if (inside(place(at))) writeBelow(context, text, place(at), base, columns.words !== null);
  }
  for (const [at, flag] of flags) {
    if (inside(place(at))) drawFlag(context, place(at), plot.top, flag, scale.x >= MARK_ROOM, ink);
  }
}

function writeBelow(context: Context, text: string, x: number, y: number, slanted: boolean): void {
  context.save();
  context.translate(x, y);
  context.textAlign = slanted ? "right" : "center";
  if (slanted) context.rotate(-Math.PI / 3);
  context.fillText(text, slanted ? -4 : 0, slanted ? 8 : 14);
  context.restore();
}

/** A triangle for an outlier, a cross for a dead one: told apart without colour. */
function drawFlag(context: Context, x: number, y: number, flag: string, large: boolean, ink: Ink): void {
  const r = large ? 4 : 2.5;
  context.beginPath();
  context.strokeStyle = context.fillStyle = flag === "dead" ? ink.bad : ink.warn;
  if (flag === "dead") {
    context.moveTo(x - r, y - 2 * r - 1);
    context.lineTo(x + r, y - 1);
    context.moveTo(x + r, y - 2 * r - 1);
    context.lineTo(x - r, y - 1);
    context.stroke();
  } else {
    context.moveTo(x - r, y - 2 * r - 1);
    context.lineTo(x + r, y - 2 * r - 1);
    context.lineTo(x, y - 1);
    context.fill();
  }
  context.fillStyle = ink.muted;
}
