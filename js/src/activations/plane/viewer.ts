import { wheelMove } from "../../graph/input/wheel.js";
import { Cleanup } from "../../views/cleanup.js";
import { h, style } from "../../views/dom.js";
import { stretch } from "../reading.js";
import { Surface } from "../surface.js";
import { bounded, type Camera, fitScale, revealing, type Scale, type Size, scaled, WHOLE, zoomed } from "./camera.js";
import { drawScene, extent, MARGINS, type Place, type Scene } from "./draw.js";
import { stepOf, zoomOf } from "./keys.js";
import { readingOf, type ViewerEvents, type ViewerLook } from "./look.js";
import { Painted } from "./painted.js";

const WIDTH = 600;
const HEIGHT = 400;
const DRAG_PIXELS = 3;
/** Pixels beside the edge that it can be taken by. */
const EDGE_PIXELS = 9;
const TURNS: Readonly<Record<string, number>> = { PageUp: -1, PageDown: 1 };

/** One picture, with axes, to zoom into and to read values off. */
export class PictureViewer {
  readonly #events: ViewerEvents;
  readonly #cleanup = new Cleanup();
  readonly #surface = new Surface("hl-plane-canvas");
  readonly #node = h("div", { class: "hl-plane", role: "group", tabindex: 0, "data-testid": "haoline-plane" });
  #look: ViewerLook | null = null;
  readonly #painted = new Painted();
  #camera: Camera = WHOLE;
  #cursor: Place | null = null;
  #mark: Place | null = null;
  #wiping = false;
  #drag: { x: number; y: number; camera: Camera } | null = null;
  #frame = 0;

  constructor(events: ViewerEvents) {
    this.#events = events;
    const node = this.#node;
    node.append(this.#surface.canvas);
    node.addEventListener("pointermove", (event) => this.#move(event));
    node.addEventListener("pointerleave", () => this.#read(this.#cursor));
    node.addEventListener("pointerdown", (event) => this.#press(event));
    for (const event of ["pointerup", "pointercancel"]) node.addEventListener(event, () => this.#release());
    node.addEventListener("dblclick", () => this.#aim(WHOLE));
    node.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    node.addEventListener("keydown", (event) => this.#key(event));
    for (const event of ["focus", "blur"]) node.addEventListener(event, () => this.redraw());
    this.#cleanup.resize(node, () => this.#fit());
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(look: ViewerLook): void {
    if (this.#look?.id !== look.id) [this.#camera, this.#cursor] = [WHOLE, null];
    this.#look = look;
    this.#painted.keep([look.tile, look.over?.tile]);
    this.#node.setAttribute("aria-label", `${look.title}. Arrow keys read values, plus and minus zoom.`);
    this.#node.dataset["missing"] = String([look, look.over ?? look].some(({ tile, stale }) => !tile || stale));
    this.#fit();
    // The cursor stays where it is; what it reads is of another sample.
    if (this.#cursor && !look.stale) this.#read(this.#cursor);
  }

  /** Looks where a picture beside this one looks. */
  follow(camera: Camera): void {
    if (this.#look) this.#aim(camera, false);
  }

  /** Only where one picture ends and the other begins. */
  wipe(share: number): void {
    if (!this.#look) return;
    this.#look = { ...this.#look, wipe: share };
    this.redraw();
  }

  /** Marks where somebody points in a picture beside this one; null: nowhere. */
  mark(place: Place | null): void {
    if (place?.row === this.#mark?.row && place?.column === this.#mark?.column) return;
    this.#mark = place;
    this.redraw();
  }

  focus(): void {
    this.#node.focus({ preventScroll: true });
  }

  redraw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** What is drawn, for a file; null: nothing yet. */
  scene(): Scene | null {
    const look = this.#look;
    if (!look?.tile) return null;
    const { rows, columns, flags, ink, wipe = 1 } = look;
    const drawn = {
      ...this.#painted.layer(look)!,
      rows,
      columns,
      flags,
      ink,
      wipe,
      mark: this.#mark,
      cursor: this.#shownCursor,
    };
    const over = look.over && { over: this.#painted.layer(look.over) };
    return { ...drawn, ...over, camera: this.#camera, scale: this.#scale, plot: this.#plot };
  }

  get size(): Size {
    return { width: this.#node.clientWidth || WIDTH, height: this.#node.clientHeight || HEIGHT };
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#cleanup.dispose();
    this.#node.remove();
  }

  get #shownCursor(): Place | null {
    return document.activeElement === this.#node ? this.#cursor : null;
  }

  get #values(): Size {
    const tile = this.#look?.tile;
    return { width: tile?.fullWidth ?? 1, height: tile?.fullHeight ?? 1 };
  }

  /** What the margins leave. */
  get #room(): Scene["plot"] {
    const { width, height } = this.size;
    const { left } = this.#look?.rows.words ? MARGINS.words : MARGINS.numbers;
    const { bottom } = this.#look?.columns.words ? MARGINS.words : MARGINS.numbers;
    const most = { width: width - left - MARGINS.right, height: height - MARGINS.top - bottom };
    return { left, top: MARGINS.top, width: Math.max(20, most.width), height: Math.max(20, most.height) };
  }

  /** What is narrower than its room stands in the middle. */
  get #plot(): Scene["plot"] {
    const room = this.#room;
    const free = Math.max(0, room.width - this.#scale.x * this.#values.width) / 2;
    return { ...room, left: room.left + free, width: room.width - free };
  }

  get #base(): Scale {
    return fitScale(this.#values, this.#room, this.#look?.square ?? true);
  }

  get #scale(): Scale {
    return scaled(this.#base, this.#camera);
  }

  #fit(): void {
    if (!this.#look) return;
    const { width, height } = this.size;
    this.#surface.fit(width, height);
    this.#camera = bounded(this.#camera, this.#base, this.#values, this.#plot);
    this.#draw();
  }

  #aim(camera: Camera, own = true): void {
    this.#camera = bounded(camera, this.#base, this.#values, this.#plot);
    if (own) this.#events.onCamera?.(this.#camera);
    const { x, y } = this.#scale;
    const { width, height } = this.#values;
    this.#events.onSide(Math.max(x * width, y * height) * devicePixelRatio);
    this.redraw();
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const look = this.#look;
    const context = look && this.#surface.begin(look.ink.ground);
    if (!context) return;
    const scene = this.scene();
    if (scene) drawScene(context, scene);
  }

  #point(event: MouseEvent): { x: number; y: number } {
    const box = this.#node.getBoundingClientRect();
    return { x: event.clientX - box.left - this.#plot.left, y: event.clientY - box.top - this.#plot.top };
  }

  #move(event: PointerEvent): void {
    const at = this.#point(event);
    if (this.#wiping) return this.#wipe(at.x);
    if (this.#drag) return this.#pull(at);
    style(this.#node, "cursor", this.#atEdge(at) ? "ew-resize" : "crosshair");
    const { x, y } = this.#scale;
    const [column, row] = [Math.floor(this.#camera.x + at.x / x), Math.floor(this.#camera.y + at.y / y)];
    const inside = at.x >= 0 && at.y >= 0 && at.x <= this.#plot.width && at.y <= this.#plot.height;
    this.#read(inside ? { row, column } : null);
  }

  #atEdge(at: { x: number; y: number }): boolean {
    const scene = this.#events.onWipe && this.#look?.over ? this.scene() : null;
    if (!scene || at.y < 0) return false;
    const { width, height } = extent(scene);
    return at.y <= height && Math.abs(at.x - (scene.wipe ?? 1) * width) <= EDGE_PIXELS;
  }

  #wipe(x: number): void {
    const scene = this.scene();
    if (scene) this.#events.onWipe?.(Math.max(0, Math.min(1, x / extent(scene).width)));
  }

  #pull(at: { x: number; y: number }): void {
    const drag = this.#drag!;
    const { x, y } = this.#scale;
    if (Math.hypot(at.x - drag.x, at.y - drag.y) < DRAG_PIXELS) return;
    this.#aim({ ...drag.camera, x: drag.camera.x - (at.x - drag.x) / x, y: drag.camera.y - (at.y - drag.y) / y });
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0 || !this.#look?.tile) return;
    const at = this.#point(event);
    const { x, y } = this.#scale;
    this.#node.setPointerCapture?.(event.pointerId);
    this.#wiping = this.#atEdge(at);
    if (this.#wiping) return;
    this.#drag = { ...at, camera: this.#camera };
    this.focus();
    this.#setCursor(Math.floor(this.#camera.y + at.y / y), Math.floor(this.#camera.x + at.x / x));
  }

  #release(): void {
    this.#drag = null;
    this.#wiping = false;
  }

  /** The wheel scrolls the notebook until the picture has been clicked. */
  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && document.activeElement !== this.#node) return;
    event.preventDefault();
    const { dx, factor } = wheelMove(event, event.ctrlKey);
    const camera = { ...this.#camera, x: this.#camera.x - dx / this.#scale.x };
    this.#aim(zoomed(camera, this.#base, factor, this.#point(event)));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#act(event.key, event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #act(key: string, far: boolean): boolean {
    if (this.#look?.channel) {
      if (key === "Escape") return this.#do(() => this.#events.onBack());
      const turn = TURNS[key];
      if (turn) return this.#do(() => this.#events.onTurn(turn));
    }
    if (key === "0") return this.#do(() => this.#aim(WHOLE));
    const factor = zoomOf(key);
    if (factor) return this.#do(() => this.#aim(zoomed(this.#camera, this.#base, factor, this.#middle())));
    const step = stepOf(key, far ? 10 : 1);
    return step !== null && this.#do(() => this.#step(step.rows, step.columns));
  }

  #do(action: () => void): boolean {
    action();
    return true;
  }

  /** Where the keys zoom: at the cursor, else in the middle. */
  #middle(): { x: number; y: number } {
    const { x, y } = this.#scale;
    const cursor = this.#cursor;
    if (!cursor) return { x: this.#plot.width / 2, y: this.#plot.height / 2 };
    return { x: (cursor.column + 0.5 - this.#camera.x) * x, y: (cursor.row + 0.5 - this.#camera.y) * y };
  }

  /** By one pixel of the picture, which may stand for several values. */
  #step(rows: number, columns: number): void {
    const tile = this.#look?.tile;
    if (!tile) return;
    const from = this.#cursor;
    const height = stretch(0, tile.height, tile.fullHeight).last + 1;
    const width = stretch(0, tile.width, tile.fullWidth).last + 1;
    this.#setCursor(from ? from.row + rows * height : 0, from ? from.column + columns * width : 0);
    const cursor = this.#cursor!;
    this.#aim(revealing(this.#camera, this.#base, this.#plot, cursor.row, cursor.column));
  }

  #setCursor(row: number, column: number): void {
    const { width, height } = this.#values;
    const hold = (place: number, count: number): number => Math.max(0, Math.min(count - 1, place));
    this.#cursor = { row: hold(row, height), column: hold(column, width) };
    this.#read(this.#cursor);
    this.redraw();
  }

  #read(place: Place | null): void {
    const reading = place && this.#look && readingOf(this.#look, place);
    this.#events.onReading(reading, reading && place);
  }
}
