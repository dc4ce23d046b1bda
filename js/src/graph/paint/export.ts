/** Pictures of a graph as files: what the screen shows, or all of it. */

import type { Frame } from "../scene/frame.js";
import { Batch } from "./batch.js";
import { Icons } from "./icons.js";
import { ItemPixels } from "./item-pixels.js";
import type { Look } from "./look.js";
import { drawOver, FAR, Painter, paintFar, paintNear } from "./painter.js";
import type { Surface } from "./surface.js";
import { asContext, SvgCanvas } from "./svg.js";

/** A picture of more nodes shows them as blocks, as the screen does when all of it is in view. */
const MOST_CARDS = 6000;
/** Longest side of such a picture. */
const BLOCKS_SIDE = 4096;
const MARGIN = 24;
/** What browsers make of a canvas, at most. */
const LONGEST_SIDE = 16_000;
const MOST_PIXELS = 120_000_000;

export interface ExportOptions {
  /** All of the graph; else what the view shows. */
  readonly whole: boolean;
}

/** A picture that can be made larger without loss. Names are text, groups have titles. */
export function renderSVG(root: Frame, look: Look, view: Surface, { whole }: ExportOptions): string {
  const surface = whole ? wholeSurface(root, 1) : { ...sized(view), ratio: 1 };
  const svg = new SvgCanvas(surface.width, surface.height);
  const [ctx, still] = [asContext(svg), stillLook(look)];
  if (surface.camera.scale < FAR) {
    const colors = new ItemPixels();
    colors.follow(still);
    paintFar(svg, root, still, surface, 1, colors, new Batch());
    drawOver(ctx, root, still, surface);
  } else {
    const region = { x: 0, y: 0, w: surface.width, h: surface.height };
    paintNear(ctx, root, still, surface, region, new Icons());
  }
  return svg.finish(look.model.doc.model.name);
}

/** A PNG with `scale` pixels to each pixel of the view; fewer where no browser could make so many. */
export function renderPNG(
  root: Frame,
  look: Look,
  view: Surface,
  { whole, scale }: ExportOptions & { readonly scale: number },
): Promise<Blob> {
  const wanted = whole ? wholeSurface(root, scale) : { ...sized(view), ratio: scale };
  const surface = { ...wanted, ratio: possible(wanted) };
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(surface.width * surface.ratio);
  canvas.height = Math.round(surface.height * surface.ratio);
  const ctx = canvas.getContext("2d");
  if (!ctx) return Promise.reject(new Error("no canvas"));
  new Painter(Number.POSITIVE_INFINITY).paint(ctx, root, stillLook(look), surface);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      // Browsers keep canvas memory until collection: give it back now.
      canvas.width = 0;
      if (blob) resolve(blob);
      else reject(new Error("the picture is too large for this browser"));
    });
  });
}

function sized({ camera, width, height }: Surface): Omit<Surface, "ratio"> {
  return { camera, width: Math.max(1, width), height: Math.max(1, height) };
}

function wholeSurface(root: Frame, ratio: number): Surface {
  const longest = Math.max(1, root.w, root.h);
  const scale = root.nodes <= MOST_CARDS ? 1 : Math.min(FAR * 0.99, BLOCKS_SIDE / longest);
  const side = (length: number): number => Math.max(1, Math.ceil(length * scale + 2 * MARGIN));
  const camera = { x: -MARGIN / scale, y: -MARGIN / scale, scale };
  return { camera, width: side(root.w), height: side(root.h), ratio };
}

function possible({ width, height, ratio }: Surface): number {
  return Math.min(ratio, LONGEST_SIDE / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
}

/** Without what the pointer does. */
function stillLook(look: Look): Look {
  return { ...look, hover: -1, hoverEdge: null, tween: null };
}
