/** Draws a scene: blocks of colour from far away, cards and courses from near, and no more than has changed. */

import type { Frame } from "../scene/frame.js";
import { Batch } from "./batch.js";
import type { Rect } from "./camera.js";
import { type BlockTarget, FarPainter } from "./far.js";
import { Icons } from "./icons.js";
import { ItemPixels } from "./item-pixels.js";
import { GroupLabels, TITLES } from "./labels.js";
import type { Look } from "./look.js";
import { outline } from "./marks.js";
import { NearPainter } from "./near.js";
import { originOf, Picture, place, sizeOf } from "./picture.js";
import { Pixels } from "./pixels.js";
import type { Ctx, Surface } from "./surface.js";
import { Pen } from "./text.js";

export { childRect } from "./child-rect.js";
export type { Surface } from "./surface.js";

/** Below this zoom an op is less than seven pixels high and drawn as a block. */
export const FAR = 1 / 6;
/**
 * Nobody else's business: a canvas that was resized or lost its memory starts afresh, and this is how it shows. Lines
 * with dashes would be drawn from a little further on.
 */
const PAINTED = 1 / 64;
/** With fewer nodes in view all of it is painted sooner than a canvas is copied onto itself. */
const WORTH_MOVING = 120;
/** A picture of more pixels is worked out at half the resolution or less. */
const MOST_PIXELS = 6_000_000;
/** Outlines drawn around blocks, and their least size in pixels: smaller ones would not be found. */
const MOST_OUTLINES = 300;
const SMALLEST_OUTLINE = 7;

export class Painter {
  readonly #icons = new Icons();
  readonly #colors = new ItemPixels();
  readonly #batch = new Batch();
  #pixels: Pixels | null = null;
  #picture: Picture | null = null;
  #nodes = 0;
  readonly #mostPixels: number;

  /** `mostPixels`: what a picture of blocks may have; more are put together from fewer. */
  constructor(mostPixels = MOST_PIXELS) {
    this.#mostPixels = mostPixels;
  }

  /** Paints what has changed since the last call. Returns how many nodes are in view. */
  paint(ctx: CanvasRenderingContext2D, root: Frame, look: Look, surface: Surface): number {
    if (ctx.lineDashOffset !== PAINTED) this.#picture = null;
    ctx.lineDashOffset = PAINTED;
    if (surface.camera.scale < FAR && typeof ImageData === "function") this.#far(ctx, root, look, surface);
    else this.#near(ctx, root, look, surface);
    return this.#nodes;
  }

  #near(ctx: CanvasRenderingContext2D, root: Frame, look: Look, surface: Surface): void {
    const move = this.#picture?.move(root, look, surface) ?? null;
    const marks = move ? (this.#picture?.marks(look, surface) ?? null) : null;
    this.#picture = new Picture(root, look, surface);
    const [w, h] = sizeOf(surface);
    const moved = move !== null && move.strips.length > 0;
    if (!move || !marks || (moved && this.#nodes < WORTH_MOVING)) {
      this.#nodes = this.#region(ctx, root, look, surface, { x: 0, y: 0, w, h });
      return;
    }
    if (moved) shift(ctx, move.dx, move.dy);
    for (const region of [...move.strips, ...marks]) this.#clipped(ctx, root, look, surface, region);
    if (moved) this.#nodes = countNodes(root, look, surface);
  }

  #clipped(ctx: CanvasRenderingContext2D, root: Frame, look: Look, surface: Surface, region: Rect): void {
    ctx.save();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.beginPath();
    ctx.rect(region.x, region.y, region.w, region.h);
    ctx.clip();
    this.#region(ctx, root, look, surface, region);
    ctx.restore();
  }

  #region(ctx: Ctx, root: Frame, look: Look, surface: Surface, region: Rect): number {
    return paintNear(ctx, root, look, surface, region, this.#icons);
  }

  #far(ctx: CanvasRenderingContext2D, root: Frame, look: Look, surface: Surface): void {
    const [width, height] = sizeOf(surface);
    const coarse = Math.min(1, Math.sqrt(this.#mostPixels / (width * height)));
    const pixels = this.#canvas(Math.round(width * coarse), Math.round(height * coarse));
    const move = coarse === 1 ? (this.#picture?.move(root, look, surface) ?? null) : null;
    this.#picture = new Picture(root, look, surface);
    this.#colors.follow(look);
    if (move) pixels.shift(move.dx, move.dy);
    for (const part of move?.strips ?? [{ x: 0, y: 0, w: width, h: height }]) {
      pixels.clip(part.x, part.y, part.x + part.w, part.y + part.h);
      this.#nodes = paintFar(pixels, root, look, surface, coarse, this.#colors, this.#batch);
    }
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    put(ctx, pixels, width, height);
    ctx.setTransform(surface.ratio, 0, 0, surface.ratio, 0, 0);
    drawOver(ctx, root, look, surface);
  }

  #canvas(width: number, height: number): Pixels {
    const known = this.#pixels;
    if (known && known.width === width && known.height === height) return known;
    this.#pixels = new Pixels(width, height);
    return this.#pixels;
  }
}

/** Paints blocks, `coarse` pixels to each device pixel. Returns how many there are. */
export function paintFar(
  target: BlockTarget,
  root: Frame,
  look: Look,
  surface: Surface,
  coarse: number,
  colors: ItemPixels,
  batch: Batch,
): number {
  const origin = originOf(surface);
  const ratio = surface.ratio * coarse;
  const background = colors.color(look.theme.background);
  target.ground(target.left, target.top, target.right, target.bottom, background, null);
  const painter = new FarPainter(target, look, colors, batch, surface.camera.scale * ratio, ratio);
  painter.draw(root, origin.x * coarse, origin.y * coarse);
  return painter.nodes;
}

/** Paints one region, in device pixels, of what is near enough for words. Returns how many nodes are in it. */
export function paintNear(ctx: Ctx, root: Frame, look: Look, surface: Surface, region: Rect, icons: Icons): number {
  const { camera, ratio } = surface;
  const zoom = ratio * camera.scale;
  const origin = originOf(surface);
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.fillStyle = look.theme.background;
  ctx.fillRect(region.x, region.y, region.w, region.h);
  ctx.setTransform(zoom, 0, 0, zoom, 0, 0);
  const view = { x: region.x / zoom, y: region.y / zoom, w: region.w / zoom, h: region.h / zoom };
  const corner = { x: -origin.x / zoom, y: -origin.y / zoom };
  const painter = new NearPainter(ctx, look, camera.scale, view, corner, icons);
  painter.draw(root);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  painter.write();
  if (camera.scale < TITLES && surface.names !== false) {
    const part = { x: region.x / ratio, y: region.y / ratio, w: region.w / ratio, h: region.h / ratio };
    labels(ctx, look, surface, part).draw(root);
  }
  return painter.nodes;
}

/** What lies over blocks, in CSS pixels: names of groups, outlines of what is marked. */
export function drawOver(ctx: Ctx, root: Frame, look: Look, surface: Surface): void {
  const { camera, ratio, width, height } = surface;
  if (surface.names !== false) labels(ctx, look, surface, { x: 0, y: 0, w: width, h: height }).draw(root);
  const origin = originOf(surface);
  for (const item of [...[...look.selected].slice(0, MOST_OUTLINES), look.hover]) {
    const found = item < 0 ? null : place(root, look, item);
    if (!found) continue;
    const { rect } = found;
    const [w, h] = [rect.w * camera.scale, rect.h * camera.scale];
    const grow = { x: Math.max(0, SMALLEST_OUTLINE - w) / 2, y: Math.max(0, SMALLEST_OUTLINE - h) / 2 };
    const [x, y] = [rect.x * camera.scale + origin.x / ratio, rect.y * camera.scale + origin.y / ratio];
    const around = { x: x - grow.x, y: y - grow.y, w: w + 2 * grow.x, h: h + 2 * grow.y };
    outline(ctx, look, 1, item, around, 2);
  }
}

function labels(ctx: Ctx, look: Look, { camera, ratio }: Surface, view: Rect): GroupLabels {
  const zoom = camera.scale * ratio;
  const origin = originOf({ camera, ratio, width: 0, height: 0 });
  const corner = { x: -origin.x / zoom, y: -origin.y / zoom };
  return new GroupLabels(ctx, new Pen(ctx, look.theme.font, 1), look, { origin: corner, scale: camera.scale, view });
}

function put(ctx: CanvasRenderingContext2D, pixels: Pixels, width: number, height: number): void {
  if (pixels.width === width) return ctx.putImageData(pixels.image, 0, 0);
  const held = document.createElement("canvas");
  [held.width, held.height] = [pixels.width, pixels.height];
  held.getContext("2d")?.putImageData(pixels.image, 0, 0);
  ctx.drawImage(held, 0, 0, width, height);
  held.width = 0;
}

/** Moves what is on the canvas. */
function shift(ctx: CanvasRenderingContext2D, dx: number, dy: number): void {
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.globalCompositeOperation = "copy";
  ctx.drawImage(ctx.canvas, dx, dy);
  ctx.globalCompositeOperation = "source-over";
}

/** Boxes in view, without painting them. */
function countNodes(root: Frame, look: Look, { camera, width, height }: Surface): number {
  const [right, bottom] = [camera.x + width / camera.scale, camera.y + height / camera.scale];
  const inside = (frame: Frame, x: number, y: number): number => {
    let count = 0;
    const { layout, sizes, boxes } = frame;
    for (let i = 0; i < boxes.length; i += 1) {
      const [left, top] = [x + frame.dx + layout.x[i]!, y + frame.dy + layout.y[i]!];
      if (left >= right || top >= bottom || left + sizes[2 * i]! <= camera.x || top + sizes[2 * i + 1]! <= camera.y)
        continue;
      const kid = look.expansion.isOpen(boxes[i]!) ? frame.kids[i] : null;
      count += 1 + (kid ? inside(kid, left, top) : 0);
    }
    return count;
  };
  return inside(root, 0, 0);
}
