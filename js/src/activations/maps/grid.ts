import { Cleanup } from "../../views/cleanup.js";
import { h, style } from "../../views/dom.js";
import { type Reading, readingAt } from "../reading.js";
import type { TileKey, TileSource } from "../source.js";
import { Surface } from "../surface.js";
import { moved } from "./active.js";
import { type Cell, drawCell } from "./cell.js";
import { Cursor } from "./cursor.js";
import { noteText } from "./describe.js";
import { fittingSize } from "./fit.js";
import { Geometry, type Range, type Spot } from "./geometry.js";
import { Layer } from "./layer.js";
import { type GridEvents, type GridLook, type GridPlace, movesAway } from "./look.js";

const REST_MS = 350;
/** Used where nothing is laid out, as in a hidden tab. */
const WIDTH = 600;
const HEIGHT = 400;

/** The channels of a tensor as a grid of pictures. However many there are, one canvas shows those in sight. */
export class ChannelGrid {
  readonly #events: GridEvents;
  readonly #layer: Layer;
  readonly #over: Layer;
  readonly #cleanup = new Cleanup();
  readonly #surface = new Surface("hl-maps-canvas");
  readonly #node = h("div", { class: "hl-maps", role: "listbox", tabindex: 0, "data-testid": "haoline-maps" });
  readonly #cursor = new Cursor(this.#node);
  readonly #space = h("div", { class: "hl-maps-space", role: "presentation" });
  #look: GridLook | null = null;
  /** What was shown last, also while nothing is. */
  #seen: GridLook | null = null;
  #geometry = new Geometry(WIDTH, 0, 96, 1, 1);
  #mark: GridPlace | null = null;
  #hovered = false;
  #top = 0;
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(tiles: TileSource, events: GridEvents) {
    this.#events = events;
    const listener = {
      ready: (): void => this.redraw(),
      failed: (_key: TileKey, message: string): void => events.onFailed(message),
    };
    [this.#layer, this.#over] = [new Layer(tiles, listener), new Layer(tiles, listener)];
    this.#space.append(this.#surface.canvas, this.#cursor.node());
    this.#node.append(this.#space);
    this.#node.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#node.addEventListener("pointermove", (event) => this.#hover(event));
    this.#node.addEventListener("pointerleave", () => this.#read(null));
    this.#node.addEventListener("click", (event) => this.#click(event));
    this.#node.addEventListener("keydown", (event) => this.#key(event));
    for (const event of ["focus", "blur"]) this.#node.addEventListener(event, () => this.redraw());
    this.#cleanup.resize(this.#node, () => this.#layout());
  }

  node(): HTMLElement {
    return this.#node;
  }

  get look(): GridLook | null {
    return this.#look;
  }

  show(look: GridLook): void {
    const [before, hidden, top] = [this.#seen, this.#look === null, this.#top];
    [this.#look, this.#seen] = [look, look];
    this.#node.setAttribute("aria-label", `${look.order.length} ${look.word}s`);
    if (before?.shown.doc !== look.shown.doc || before.shown.row !== look.shown.row) this.#begin();
    for (const layer of this.#layers) layer.clear();
    this.#layout();
    if (!before) this.#scrollTo(look.shown.settings.first);
    else if (movesAway(before, look)) this.#scrollTo(0);
    else if (hidden) this.#node.scrollTop = top;
  }

  /** Nothing to show: what is still wanted need not come. */
  hide(): void {
    this.#look = null;
    for (const layer of this.#layers) layer.hide();
  }

  /** How far it is scrolled down; a grid beside this one leads. */
  follow(top: number): void {
    if (this.#look && Math.abs(this.#node.scrollTop - top) >= 1) this.#node.scrollTop = top;
  }

  /** Marks where somebody points in a grid beside this one; null: nowhere. */
  mark(place: GridPlace | null): void {
    this.#mark = place;
    this.redraw();
  }

  /** Anew in colours that changed. */
  repaint(): void {
    for (const layer of this.#layers) layer.clear();
    this.redraw();
  }

  /** Only where one picture ends and the other begins. */
  wipe(share: number): void {
    if (!this.#look) return;
    this.#look = { ...this.#look, wipe: share };
    this.redraw();
  }

  get #layers(): readonly Layer[] {
    return [this.#layer, this.#over];
  }

  focus(): void {
    this.#node.focus({ preventScroll: true });
  }

  redraw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** The cells in sight, in pixels of the viewport. */
  cells(): Cell[] {
    const { start, stop } = this.#visible();
    return Array.from({ length: stop - start }, (_, i) => this.#cell(start + i));
  }

  /** Pixels of a picture's longer side. */
  #cellSize({ shown, order, map }: GridLook): number {
    return shown.settings.cell || fittingSize(this.size, order.length, map);
  }

  get size(): readonly [width: number, height: number] {
    return [this.#node.clientWidth || WIDTH, this.#node.clientHeight || HEIGHT];
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    for (const layer of this.#layers) layer.dispose();
    this.#cleanup.dispose();
    this.#node.remove();
  }

  /** Another tensor. */
  #begin(): void {
    for (const layer of this.#layers) layer.forget();
    this.#cursor.position = 0;
  }

  #layout(): void {
    const look = this.#look;
    if (!look) return;
    const [width, height] = this.size;
    const cell = this.#cellSize(look);
    const anchor = this.#geometry.at(20, this.#node.scrollTop + 20)?.position ?? 0;
    const columns = this.#geometry.columns;
    this.#geometry = new Geometry(width, look.order.length, cell, ...look.map);
    style(this.#space, "height", `${this.#geometry.height}px`);
    if (columns !== this.#geometry.columns && this.#node.scrollTop > 0) this.#scrollTo(anchor);
    this.#surface.fit(width, height);
    const load = [look.order, cell * devicePixelRatio, look.map[0] * look.map[1]] as const;
    this.#layer.show(look.shown, ...load);
    if (look.over) this.#over.show(look.over, ...load);
    else this.#over.hide();
    this.#cursor.show(look.order, look.channels, look.word);
    this.#events.onSized(cell);
    // At once: a resized canvas is empty, and so would be the next frame.
    this.#draw();
  }

  #visible(): Range {
    const top = this.#node.scrollTop;
    return this.#geometry.between(top, top + this.size[1]);
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const look = this.#look;
    if (!look) return;
    this.#learn(look);
    const cells = this.cells();
    for (const layer of this.#layers) layer.need(this.#visible(), this.#node.scrollTop >= this.#top);
    this.#top = this.#node.scrollTop;
    this.#node.dataset["missing"] = String(cells.filter((cell) => !cell.picture).length);
    const context = this.#surface.begin(look.ink.ground);
    if (!context) return;
    for (const cell of cells) drawCell(context, cell, look.colors.limits, look.ink);
  }

  #cell(position: number): Cell {
    const { channels, order, shown, colors } = this.#look!;
    const channel = order[position]!;
    const { x, y } = this.#geometry.place(position);
    return {
      x,
      y: y - this.#node.scrollTop,
      width: this.#geometry.pictureWidth,
      height: this.#geometry.pictureHeight,
      name: String(channel),
      note: noteText(channels, channel, shown.settings.sort),
      facts: channels.facts(channel),
      ...this.#layer.of(channel, colors),
      ...this.#overlaid(channel),
      mark: this.#mark?.channel === channel ? this.#mark : null,
      active: position === this.#cursor.position && document.activeElement === this.#node,
    };
  }

  #overlaid(channel: number): Pick<Cell, "over"> {
    const { over, wipe = 1, colors } = this.#look!;
    return over ? { over: { ...this.#over.of(channel, colors), wipe } } : {};
  }

  /** From what is in sight, also of what was here before its colours were. */
  #learn({ order, colors, channels, over }: GridLook): void {
    const { start, stop } = this.#visible();
    let learned = false;
    for (const channel of order.slice(start, stop)) {
      for (const layer of over ? this.#layers : [this.#layer]) {
        const tile = layer.tile(channel);
        if (tile && colors.learn(tile, channels.is(channel, "outlier"))) learned = true;
      }
    }
    if (!learned) return;
    for (const layer of this.#layers) layer.clear();
    this.#events.onLearned();
  }

  #scrolled(): void {
    this.redraw();
    this.#events.onScroll?.(this.#node.scrollTop);
    this.#read(null);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#look && this.#events.onFirst(this.#visible().start), REST_MS);
  }

  #scrollTo(position: number): void {
    const top = this.#geometry.topOf(Math.max(0, Math.min(position, this.#geometry.count - 1)));
    if (Math.abs(this.#node.scrollTop - top) < 1) return;
    this.#node.scrollTop = top;
    this.redraw();
  }

  #spot(event: MouseEvent): Spot | null {
    const box = this.#node.getBoundingClientRect();
    return this.#geometry.at(event.clientX - box.left, event.clientY - box.top + this.#node.scrollTop);
  }

  #hover(event: PointerEvent): void {
    const spot = this.#look && this.#spot(event);
    style(this.#node, "cursor", spot ? "zoom-in" : "default");
    this.#read(spot && this.#reading(spot), spot);
  }

  /** What the cursor said stays when the pointer has nothing to say. */
  #read(reading: Reading | null, spot: Spot | null = null): void {
    if (!reading && !this.#hovered) return;
    this.#hovered = reading !== null;
    const channel = spot && this.#look?.order[spot.position];
    const place = reading && spot && channel !== undefined ? { channel: channel!, x: spot.x, y: spot.y } : null;
    this.#events.onReading(reading, place);
  }

  #reading({ position, x, y }: Spot): Reading | null {
    const { order, word } = this.#look!;
    const channel = order[position]!;
    const tile = this.#layer.tile(channel);
    return tile && y <= 1 ? readingAt(tile, x, y, `${word} ${channel}`) : null;
  }

  #click(event: MouseEvent): void {
    const spot = this.#look && this.#spot(event);
    if (!spot) return;
    this.#cursor.position = spot.position;
    this.#events.onPick(this.#look!.order[spot.position]!);
  }

  #key(event: KeyboardEvent): void {
    const look = this.#look;
    if (!look || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.size[1] / this.#geometry.cellHeight));
    const to = moved(this.#cursor.position, event.key, this.#geometry.columns, page, look.order.length);
    const channel = look.order[this.#cursor.position];
    if (to !== null) this.#activate(to);
    else if ((event.key === "Enter" || event.key === " ") && channel !== undefined) this.#events.onPick(channel);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #activate(position: number): void {
    const { order, channels, word } = this.#look!;
    this.#cursor.position = position;
    // The pointer rests while keys move on: what they say stays.
    this.#hovered = false;
    this.#cursor.show(order, channels, word);
    this.#reveal(this.#geometry.place(position).y);
    this.#events.onCursor(this.#cursor.text);
    this.redraw();
  }

  #reveal(y: number): void {
    const [top, height] = [this.#node.scrollTop, this.size[1]];
    const bottom = y + this.#geometry.cellHeight;
    if (y < top) this.#node.scrollTop = Math.max(0, y - 8);
    else if (bottom > top + height) this.#node.scrollTop = bottom - height;
  }
}
