import { h } from "../views/dom.js";
import { button } from "./controls.js";
import type { Drawn } from "./grid-view.js";
import { channelText } from "./maps/describe.js";
import { drawScene } from "./plane/draw.js";
import { SlicePicker } from "./plane/slices.js";
import { PictureViewer, type ViewerLook } from "./plane/viewer.js";
import { axisOf, channelWord, mapAxes, type Showing } from "./showing.js";
import type { TileClient, TileKey } from "./source.js";
import { subjectOf } from "./subject.js";
import type { Look, Stage } from "./tensor-panel.js";
import type { Tile } from "./tiles/tile.js";
import { titleOf } from "./title.js";

type One = Extract<Showing, { kind: "channel" | "plane" }>;

const SIZES = [128, 256, 512, 1024, 2048];
const FIRST_SIZE = 512;

/** One channel alone, or two axes of a tensor. */
export class SingleView {
  readonly #stage: Stage;
  readonly #viewer: PictureViewer;
  readonly #slices: SlicePicker;
  readonly #client: TileClient;
  readonly #back: HTMLElement;
  readonly #about = h("p", { class: "hl-single-about" });
  readonly #node: HTMLElement;
  readonly #onBack: () => void;
  #look: Look | null = null;
  #what: One | null = null;
  #size = FIRST_SIZE;
  /** What is drawn until what was asked for comes. */
  #last: { group: string; tile: Tile } | null = null;

  constructor(stage: Stage, onBack: () => void) {
    this.#stage = stage;
    this.#onBack = onBack;
    this.#client = stage.tiles.client({
      ready: (_key, tile) => this.#arrived(tile),
      failed: (_key, message) => stage.note(message),
    });
    this.#viewer = new PictureViewer({
      onReading: (reading) => stage.reading(reading),
      onBack: () => this.#goBack(),
      onTurn: (step) => this.#turn(step),
      onSide: (pixels) => this.#resize(pixels),
    });
    this.#slices = new SlicePicker((slice) => stage.change({ slice }));
    this.#back = h(
      "div",
      { class: "hl-controls" },
      button("← All", "Back to all of them (Escape)", "haoline-channel-back", () => this.#goBack()),
      button("‹", "The one before (Page Up)", "haoline-channel-previous", () => this.#turn(-1)),
      button("›", "The next one (Page Down)", "haoline-channel-next", () => this.#turn(1)),
    );
    const head = h("div", { class: "hl-single-head" }, this.#back, this.#slices.node(), this.#about);
    this.#node = h("div", { class: "hl-pictures-stage" }, head, this.#viewer.node());
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** null: something else is shown. */
  show(look: Look | null, what: Showing): void {
    const one = what.kind === "channel" || what.kind === "plane" ? what : null;
    const entered = one?.kind === "channel" && this.#what?.kind !== "channel" && this.#look === null;
    this.#node.hidden = !look;
    [this.#look, this.#what] = [look, look && one];
    if (!look || !one) return this.#stop();
    this.#back.hidden = one.kind !== "channel";
    this.#slices.node().hidden = one.kind !== "plane";
    if (one.kind === "plane") this.#slices.show(look.shown);
    this.#about.textContent = this.#aboutText(look, one);
    this.#want();
    this.#draw();
    // From the grid the keys go on here; a page that opens takes the focus from nobody.
    if (entered && this.#node.parentElement?.contains(document.activeElement)) this.#viewer.focus();
  }

  drawn(): Drawn | null {
    const scene = this.#viewer.scene();
    return scene && { ...this.#viewer.size, draw: (context) => drawScene(context, { ...scene, cursor: null }) };
  }

  dispose(): void {
    this.#client.dispose();
    this.#viewer.dispose();
  }

  #stop(): void {
    this.#last = null;
    this.#size = FIRST_SIZE;
    this.#client.want([]);
    this.#client.onScreen([]);
  }

  #key(): TileKey | null {
    if (!this.#look || !this.#what) return null;
    const base = { ...subjectOf(this.#look.shown), size: this.#size };
    if (this.#what.kind === "channel") return { kind: "maps", ...base, channel: this.#what.channel };
    return { kind: "plane", ...base, ...this.#what.slice };
  }

  #want(): void {
    const key = this.#key()!;
    this.#client.want(this.#stage.tiles.peek(key) ? [] : [key]);
    this.#client.onScreen([key]);
  }

  #arrived(tile: Tile): void {
    if (this.#look?.colors.learn(tile)) this.#stage.learned();
    this.#draw();
  }

  #draw(): void {
    const [look, what, key] = [this.#look, this.#what, this.#key()];
    if (!look || !what || !key) return;
    const group = this.#group(look, what);
    const fresh = this.#stage.tiles.peek(key, true);
    if (fresh) this.#last = { group, tile: fresh };
    const tile = fresh ?? (this.#last?.group === group ? this.#last.tile : null);
    this.#viewer.show({ ...this.#axes(look, what, tile), ...this.#picture(look, tile, !fresh) });
  }

  /** What may stand in for one another while the reader moves on: the same picture of another sample or index. */
  #group({ shown }: Look, what: One): string {
    const axes = what.kind === "channel" ? what.channel : `${what.slice.rows} ${what.slice.columns}`;
    return `${shown.row} ${what.kind} ${axes}`;
  }

  #picture(look: Look, tile: Tile | null, stale: boolean): Pick<ViewerLook, "tile" | "stale" | "coloring" | "ink"> {
    return { tile, stale, coloring: tile ? look.colors.of(tile) : look.colors.shared, ink: look.ink };
  }

  #axes(look: Look, what: One, tile: Tile | null): Omit<ViewerLook, "tile" | "stale" | "coloring" | "ink"> {
    const { shown } = look;
    const { doc, row } = shown;
    const axes = what.kind === "channel" ? mapAxes(doc, row) : what.slice;
    const layout = doc.layout(row);
    const flagged = axes.columns >= 0 && axes.columns === doc.channelAxis(row);
    return {
      id: `${this.#group(look, what)} ${tile?.fullWidth}×${tile?.fullHeight}`,
      title: titleOf(shown, what),
      rows: axisOf(shown, axes.rows, tile?.fullHeight ?? 0),
      columns: axisOf(shown, axes.columns, tile?.fullWidth ?? 0),
      square: (what.kind === "channel" && axes.rows >= 0) || layout === "attention",
      flags: flagged ? flagsOf(look) : new Map(),
      channel: what.kind === "channel" ? `${channelWord(doc, row)} ${what.channel}` : "",
    };
  }

  #aboutText({ shown, channels }: Look, what: One): string {
    const { doc, row } = shown;
    if (what.kind === "channel") return channelText(channels, what.channel, channelWord(doc, row));
    if (what.slice.columns !== doc.channelAxis(row)) return "";
    const named = (mark: "dead" | "outlier", sign: string): string => {
      const all = markedChannels(channels, mark);
      const some = all.slice(0, MOST_NAMED).join(", ");
      return all.length === 0 ? "" : `${sign} ${all.length} ${mark}: ${some}${all.length > MOST_NAMED ? ", …" : ""}`;
    };
    return [named("dead", "×"), named("outlier", "▾")].filter((part) => part !== "").join(" · ");
  }

  #turn(step: number): void {
    const [look, what] = [this.#look, this.#what];
    if (!look || what?.kind !== "channel") return;
    const order = look.channels.order(look.shown.settings);
    const to = order[order.indexOf(what.channel) + step];
    if (to !== undefined) this.#stage.change({ channel: to });
  }

  #goBack(): void {
    if (this.#what?.kind !== "channel") return;
    this.#stage.change({ channel: null });
    this.#onBack();
  }

  /** Zoomed in, a pooled picture is asked for in more detail. */
  #resize(pixels: number): void {
    const size = SIZES.find((one) => one >= pixels) ?? SIZES.at(-1)!;
    if (size <= this.#size || !this.#look) return;
    this.#size = size;
    this.#want();
  }
}

const MOST_NAMED = 8;

function markedChannels(channels: Look["channels"], mark: "dead" | "outlier"): number[] {
  return Array.from({ length: channels.count }, (_, i) => i).filter((channel) => channels.is(channel, mark));
}

function flagsOf({ channels }: Look): Map<number, "dead" | "outlier"> {
  const marks = (["outlier", "dead"] as const).flatMap((mark) =>
    markedChannels(channels, mark).map((channel) => [channel, mark] as const),
  );
  return new Map(marks);
}
