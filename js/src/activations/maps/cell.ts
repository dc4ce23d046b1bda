/** Draws one channel of the grid. */

import type { Ink } from "../ink.js";
import { shareText, shortText } from "../words.js";
import type { ChannelFacts } from "./channels.js";
import { CAPTION } from "./geometry.js";

export interface Cell {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly name: string;
  /** What the channels are sorted by, in short. */
  readonly note: string;
  readonly facts: ChannelFacts;
  /** null: it is not here yet. */
  readonly picture: CanvasImageSource | null;
  /** The picture is of another sample, until the right one comes. */
  readonly stale: boolean;
  readonly active: boolean;
  /** What lies over the picture from `wipe` on, a share of its width; its picture is null while it is on its way. */
  readonly over?: { readonly picture: CanvasImageSource | null; readonly stale: boolean; readonly wipe: number };
  /** Where somebody points in a grid beside this one, from 0 to 1. */
  readonly mark?: { readonly x: number; readonly y: number } | null;
}

/** Least and greatest value of the tensor, which the strip of a channel without a picture lies between. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

type Context = CanvasRenderingContext2D;

const STALE_ALPHA = 0.5;
const SMALL = "11px";

export function drawCell(context: Context, cell: Cell, span: Span | null, ink: Ink): void {
  if (cell.picture) drawPicture(context, cell, cell.picture);
  else drawFacts(context, cell, span, ink);
  if (cell.over) drawOver(context, cell, cell.over, ink);
  if (cell.mark) drawPoint(context, cell, cell.mark, ink);
  drawFrame(context, cell, ink);
  drawCaption(context, cell, ink);
}

function drawPicture(context: Context, { x, y, width, height, stale }: Cell, picture: CanvasImageSource): void {
  context.globalAlpha = stale ? STALE_ALPHA : 1;
  // Enlarged values stay squares; shrunken ones must not drop out.
  context.imageSmoothingEnabled = (picture as HTMLCanvasElement).width > width * devicePixelRatio;
  context.drawImage(picture, x, y, width, height);
  context.globalAlpha = 1;
}

function drawOver(context: Context, cell: Cell, { picture, stale, wipe }: NonNullable<Cell["over"]>, ink: Ink): void {
  const { x, y, width, height } = cell;
  const edge = x + wipe * width;
  context.save();
  context.beginPath();
  context.rect(edge, y, x + width - edge, height);
  context.clip();
  if (picture) drawPicture(context, { ...cell, stale }, picture);
  context.restore();
  if (wipe <= 0 || wipe >= 1) return;
  context.fillStyle = ink.ground;
  context.fillRect(edge - 1, y, 2, height);
  context.fillStyle = ink.accent;
  context.fillRect(edge - 0.5, y, 1, height);
}

function drawPoint(context: Context, { x, y, width, height }: Cell, at: { x: number; y: number }, ink: Ink): void {
  for (const [color, thick] of [
    [ink.ground, 4],
    [ink.text, 1.5],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = thick;
    context.beginPath();
    context.arc(x + at.x * width, y + at.y * height, 4, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** What is known at once: a strip from least to greatest with mean and deviation, and the numbers where there is room. */
function drawFacts(context: Context, cell: Cell, span: Span | null, ink: Ink): void {
  const { x, y, width, height, facts } = cell;
  context.fillStyle = ink.raised;
  context.fillRect(x, y, width, height);
  if (span) drawStrip(context, cell, span, ink);
  const lines = [`mean ${shortText(facts.mean)}`, `std ${shortText(facts.std)}`, `zeros ${shareText(facts.sparsity)}`];
  if (height < 64 || width < 72 || facts.mean === null) return;
  context.fillStyle = ink.muted;
  context.font = `${SMALL} ${ink.font}`;
  context.textAlign = "left";
  const top = y + (facts.dead || facts.outlier ? 28 : 18);
  lines.forEach((line, i) => void context.fillText(line, x + 6, top + 14 * i, width - 10));
}

function drawStrip(context: Context, { x, y, width, height, facts }: Cell, { low, high }: Span, ink: Ink): void {
  const { min, max, mean, std } = facts;
  if (min === null || max === null || !(high > low)) return;
  const at = (value: number): number => x + 4 + (width - 8) * Math.max(0, Math.min(1, (value - low) / (high - low)));
  const middle = y + height - 12;
  context.fillStyle = ink.line;
  context.fillRect(at(min), middle - 1, Math.max(1, at(max) - at(min)), 2);
  if (mean === null || std === null) return;
  context.fillStyle = ink.accent;
  context.fillRect(at(mean - std), middle - 3, Math.max(2, at(mean + std) - at(mean - std)), 6);
}

function drawFrame(context: Context, { x, y, width, height, facts, active }: Cell, ink: Ink): void {
  const mark = facts.dead ? "dead" : facts.outlier ? "outlier" : "";
  context.lineWidth = active ? 3 : mark ? 2 : 1;
  context.strokeStyle = active ? ink.accent : mark === "dead" ? ink.bad : mark ? ink.warn : ink.line;
  context.setLineDash(mark && !active ? [4, 3] : []);
  const out = context.lineWidth / 2;
  context.strokeRect(x - out, y - out, width + 2 * out, height + 2 * out);
  context.setLineDash([]);
  if (mark) drawMark(context, x, y, mark, ink);
}

function drawMark(context: Context, x: number, y: number, mark: string, ink: Ink): void {
  context.font = `600 10px ${ink.font}`;
  const width = context.measureText(mark).width + 8;
  context.fillStyle = mark === "dead" ? ink.bad : ink.warn;
  context.fillRect(x, y, width, 14);
  context.fillStyle = ink.ground;
  context.textAlign = "left";
  context.fillText(mark, x + 4, y + 10.5);
}

function drawCaption(context: Context, { x, y, width, height, name, note, active }: Cell, ink: Ink): void {
  const base = y + height + CAPTION - 5;
  context.font = `${active ? "600 " : ""}${SMALL} ${ink.font}`;
  context.textAlign = "left";
  context.fillStyle = ink.text;
  context.fillText(name, x, base);
  const room = width - context.measureText(name).width - 6;
  if (!note || context.measureText(note).width > room) return;
  context.fillStyle = ink.muted;
  context.textAlign = "right";
  context.fillText(note, x + width, base);
}
