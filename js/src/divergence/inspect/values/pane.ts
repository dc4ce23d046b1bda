import type { Colors } from "../../../activations/color/coloring.js";
import type { Drawn } from "../../../activations/grid-view.js";
import type { Ink } from "../../../activations/ink.js";
import { drawCell } from "../../../activations/maps/cell.js";
import type { Channels } from "../../../activations/maps/channels.js";
import { ChannelGrid } from "../../../activations/maps/grid.js";
import type { GridPlace } from "../../../activations/maps/look.js";
import type { Pictured } from "../../../activations/panel.js";
import type { Camera } from "../../../activations/plane/camera.js";
import { drawScene, type Place } from "../../../activations/plane/draw.js";
import { keyOf, type One, PictureFeed } from "../../../activations/plane/feed.js";
import { PictureViewer } from "../../../activations/plane/viewer.js";
import type { Reading } from "../../../activations/reading.js";
import { channelWord, mapSize, type Showing } from "../../../activations/showing.js";
import { picture, surroundings } from "../../../activations/single-view.js";
import type { Tile, TileSource } from "../../../activations/source.js";
import { partnerOf } from "../../../activations/subject.js";
import { h } from "../../../views/dom.js";

/** Where somebody points: a value of a picture, or a place in a channel of a grid. */
export type Spot = { readonly kind: "value"; readonly at: Place } | { readonly kind: "grid"; readonly at: GridPlace };

export interface PaneLook {
  readonly shown: Pictured;
  /** What lies over it, from `wipe` on. */
  readonly over: Pictured | null;
  readonly wipe: number;
  readonly what: Showing;
  readonly channels: Channels;
  /** Channels in the order of the grid. */
  readonly order: readonly number[];
  readonly colors: Colors;
  readonly ink: Ink;
}

export interface PaneEvents {
  pick(channel: number): void;
  back(): void;
  turn(step: number): void;
  reading(reading: Reading | null, spot: Spot | null): void;
  /** The cursor of the grid moved: a channel in a sentence. */
  cursor(text: string): void;
  wipe(share: number): void;
  camera(camera: Camera): void;
  scroll(top: number): void;
  first(first: number): void;
  sized(cell: number): void;
  /** The shared colours changed. */
  learned(): void;
  failed(message: string): void;
}

/** One of the pictures that are held against one another: a grid of channels, or a channel or plane alone. */
export class Pane {
  readonly #tiles: TileSource;
  readonly #events: PaneEvents;
  readonly #grid: ChannelGrid;
  readonly #viewer: PictureViewer;
  readonly #feed: PictureFeed;
  readonly #over: PictureFeed;
  readonly #caption = h("figcaption", { class: "hl-pane-head" });
  readonly #node: HTMLElement;
  #look: PaneLook | null = null;

  constructor(tiles: TileSource, testid: string, events: PaneEvents) {
    this.#tiles = tiles;
    this.#events = events;
    const listener = { ready: () => this.#draw(), failed: (_: unknown, message: string) => events.failed(message) };
    [this.#feed, this.#over] = [new PictureFeed(tiles, listener), new PictureFeed(tiles, listener)];
    this.#grid = new ChannelGrid(tiles, {
      onPick: (channel) => events.pick(channel),
      onReading: (reading, at) => events.reading(reading, at && { kind: "grid", at }),
      onCursor: (text) => events.cursor(text),
      onFirst: (first) => events.first(first),
      onLearned: () => events.learned(),
      onSized: (cell) => events.sized(cell),
      onFailed: (message) => events.failed(message),
      onScroll: (top) => events.scroll(top),
    });
    this.#viewer = new PictureViewer({
      onReading: (reading, at) => events.reading(reading, at && { kind: "value", at }),
      onBack: () => events.back(),
      onTurn: (step) => events.turn(step),
      onSide: (pixels) => this.#resize(pixels),
      onCamera: (camera) => events.camera(camera),
      onWipe: (share) => events.wipe(share),
    });
    const parts = [this.#caption, this.#grid.node(), this.#viewer.node()];
    this.#node = h("figure", { class: "hl-pane", "data-testid": testid }, ...parts);
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** Where its name stands, and what belongs to it. */
  get caption(): HTMLElement {
    return this.#caption;
  }

  /** null: it is not needed. */
  show(look: PaneLook | null): void {
    this.#look = look;
    this.#node.hidden = look === null;
    const kind = look?.what.kind ?? "nothing";
    const one = look && isOne(look.what) ? look.what : null;
    this.#grid.node().hidden = kind !== "grid";
    this.#viewer.node().hidden = one === null;
    if (look && kind === "grid") this.#showGrid(look);
    else this.#grid.hide();
    this.#showOne(look, one);
  }

  wipe(share: number): void {
    if (this.#look) this.#look = { ...this.#look, wipe: share };
    this.#grid.wipe(share);
    this.#viewer.wipe(share);
  }

  follow(camera: Camera): void {
    this.#viewer.follow(camera);
  }

  scroll(top: number): void {
    this.#grid.follow(top);
  }

  mark(spot: Spot | null): void {
    this.#grid.mark(spot?.kind === "grid" ? spot.at : null);
    this.#viewer.mark(spot?.kind === "value" ? spot.at : null);
  }

  /** Anew in colours that changed. */
  repaint(): void {
    this.#grid.repaint();
    this.#draw();
  }

  focus(): void {
    if (this.#look?.what.kind === "grid") this.#grid.focus();
    else this.#viewer.focus();
  }

  /** The whole picture that is in sight, in CSS pixels. */
  get size(): { width: number; height: number } {
    return this.#look?.what.kind === "grid"
      ? { width: this.#grid.size[0], height: this.#grid.size[1] }
      : this.#viewer.size;
  }

  /** What is in sight, for a file; null: nothing yet. */
  drawn(): Drawn | null {
    const look = this.#look;
    if (!look) return null;
    if (look.what.kind === "grid") {
      const cells = this.#grid.cells().map((cell) => ({ ...cell, active: false, mark: null }));
      return {
        ...this.size,
        draw: (context) => {
          for (const cell of cells) drawCell(context, cell, look.colors.limits, look.ink);
        },
      };
    }
    const scene = this.#viewer.scene();
    return scene && { ...this.size, draw: (context) => drawScene(context, { ...scene, cursor: null, mark: null }) };
  }

  dispose(): void {
    for (const part of [this.#grid, this.#viewer, this.#feed, this.#over]) part.dispose();
    this.#node.remove();
  }

  #showGrid({ shown, over, ...look }: PaneLook): void {
    const { doc, row } = shown;
    const sides = over ? { shown, over } : { shown };
    this.#grid.show({ ...look, ...sides, word: channelWord(doc, row), map: mapSize(doc, row) });
  }

  #showOne(look: PaneLook | null, one: One | null): void {
    if (!look || !one) {
      this.#feed.stop();
      this.#over.stop();
      return;
    }
    this.#feed.show(look.shown, one);
    if (look.over) this.#over.show(look.over, one);
    else this.#over.stop();
    this.#draw();
  }

  #draw(): void {
    const look = this.#look;
    if (!look || !isOne(look.what)) return;
    const [under, over] = [this.#feed.fed, look.over ? this.#over.fed : null];
    const learned = [under, over].map((fed) => fed?.tile && !fed.stale && look.colors.learn(fed.tile));
    if (learned.includes(true)) this.#events.learned();
    this.#viewer.show({
      ...surroundings(look, look.what, under.tile),
      ...picture(look, under, this.#partner(look.shown, look.what)),
      ...(over && { over: picture(look, over, this.#partner(look.over!, look.what)), wipe: look.wipe }),
    });
  }

  /** The same of the other model, whose colours are the same. */
  #partner(shown: Pictured, one: One): Tile | null {
    const which = partnerOf(shown);
    return which && this.#tiles.peek(keyOf({ ...shown, which }, one, 0), true);
  }

  #resize(pixels: number): void {
    this.#feed.resize(pixels);
    if (this.#look?.over) this.#over.resize(pixels);
  }
}

function isOne(what: Showing): what is One {
  return what.kind === "channel" || what.kind === "plane";
}
