/** What is on screen as a picture for a paper: title, picture, colour bar. */

import { stops, tickTexts } from "../color/bar.js";
import type { Colors } from "../color/coloring.js";
import type { Ink } from "../ink.js";
import { type Context, SvgContext } from "./svg-context.js";

export interface Figure {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly colors: Colors;
  /** Of other pictures beside: a second bar. */
  readonly more?: Colors;
  readonly ink: Ink;
  /** Draws the picture with its corner at the origin. */
  draw(context: Context): void;
}

const HEAD = 26;
const FOOT = 40;
const BAR = { width: 240, height: 10, x: 8 };
/** Pixels of a PNG to each pixel of the view: enough for print and projector. */
const SHARP = 2;

export function figureSvg(figure: Figure): Blob {
  const svg = new SvgContext();
  drawFigure(svg.context, figure);
  return new Blob([svg.finish(figure.width, figureHeight(figure), figure.title)], { type: "image/svg+xml" });
}

/** Rejects where the page cannot make one. */
export async function figurePng(figure: Figure): Promise<Blob> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [figure.width * SHARP, figureHeight(figure) * SHARP];
  const context = canvas.getContext("2d");
  context?.scale(SHARP, SHARP);
  if (context) drawFigure(context, figure);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("This page could not make a PNG.");
  return blob;
}

function figureHeight({ height }: Figure): number {
  return HEAD + height + FOOT;
}

function drawFigure(context: Context, figure: Figure): void {
  const { ink, width, height, title, colors, more } = figure;
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, width, figureHeight(figure));
  context.font = `600 13px ${ink.font}`;
  context.textAlign = "left";
  context.fillStyle = ink.text;
  context.fillText(title, BAR.x, 17, width - 2 * BAR.x);
  context.save();
  context.translate(0, HEAD);
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  figure.draw(context);
  context.restore();
  const bars = [colors, ...(more ? [more] : [])];
  const bar = Math.min(BAR.width, (width - BAR.x) / bars.length - 4 * BAR.x);
  bars.forEach((one, i) => {
    drawBar(context, one, ink, { x: BAR.x + i * (bar + 4 * BAR.x), y: HEAD + height + 8, width: bar });
  });
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function drawBar(context: Context, colors: Colors, ink: Ink, { x, y, width }: Place): void {
  const shades = stops(colors, 48);
  const step = width / shades.length;
  shades.forEach((shade, i) => {
    context.fillStyle = shade;
    // Overlapping a little: a hair between two rectangles shows in print.
    context.fillRect(x + i * step, y, step + (i < shades.length - 1 ? 0.5 : 0), BAR.height);
  });
  const [low, middle, high] = tickTexts(colors);
  context.font = `11px ${ink.font}`;
  context.fillStyle = ink.muted;
  for (const [text, at, align] of [
    [low, 0, "left"],
    [middle, 0.5, "center"],
    [high, 1, "right"],
  ] as const) {
    context.textAlign = align;
    context.fillText(text ?? "", x + at * width, y + BAR.height + 14);
  }
}
