import { h } from "../views/dom.js";
import { button } from "./controls.js";
import type { Drawn } from "./grid-view.js";
import { channelText } from "./maps/describe.js";
import { drawScene } from "./plane/draw.js";
import { type Fed, groupOf, type One, PictureFeed } from "./plane/feed.js";
import type { ViewerLook } from "./plane/look.js";
import { SlicePicker } from "./plane/slices.js";
import { PictureViewer } from "./plane/viewer.js";
import { axisOf, channelWord, mapAxes, type Showing } from "./showing.js";
import type { Look, Stage } from "./tensor-panel.js";
import type { Tile } from "./tiles/tile.js";
import { titleOf } from "./title.js";

/** One channel alone, or two axes of a tensor. */
export class SingleView {
  readonly #stage: Stage;
  readonly #viewer: PictureViewer;
  readonly #slices: SlicePicker;
  readonly #feed: PictureFeed;
  readonly #back: HTMLElement;
  readonly #about = h("p", { class: "hl-single-about" });
  readonly #node: HTMLElement;
  readonly #onBack: () => void;
  #look: Look | null = null;
  #what: One | null = null;

  constructor(stage: Stage, onBack: () => void) {
    this.#stage = stage;
    this.#onBack = onBack;
    this.#feed = new PictureFeed(stage.tiles, {
      ready: () => this.#draw(),
      failed: (_key, message) => stage.note(message),
    });
    this.#viewer = new PictureViewer({
      onReading: (reading) => stage.reading(reading),
      onBack: () => this.#goBack(),
      onTurn: (step) => this.#turn(step),
      onSide: (pixels) => this.#feed.resize(pixels),
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
    if (!look || !one) return this.#feed.stop();
    this.#back.hidden = one.kind !== "channel";
    this.#slices.node().hidden = one.kind !== "plane";
    if (one.kind === "plane") this.#slices.show(look.shown);
    this.#about.textContent = this.#aboutText(look, one);
    this.#feed.show(look.shown, one);
    this.#draw();
    // From the grid the keys go on here; a page that opens takes the focus from nobody.
    if (entered && this.#node.parentElement?.contains(document.activeElement)) this.#viewer.focus();
  }

  drawn(): Drawn | null {
    const scene = this.#viewer.scene();
    return scene && { ...this.#viewer.size, draw: (context) => drawScene(context, { ...scene, cursor: null }) };
  }

  dispose(): void {
    this.#feed.dispose();
    this.#viewer.dispose();
  }

  #draw(): void {
    const [look, what] = [this.#look, this.#what];
    if (!look || !what) return;
    const { fed } = this.#feed;
    if (fed.tile && !fed.stale && look.colors.learn(fed.tile)) this.#stage.learned();
    this.#viewer.show({ ...picture(look, fed), ...surroundings(look, what, fed.tile) });
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
}

type Painted = Pick<ViewerLook, "tile" | "stale" | "coloring" | "ink">;

/** What a viewer shows inside its axes. */
export function picture({ colors, ink }: Pick<Look, "colors" | "ink">, fed: Fed, like: Tile | null = null): Painted {
  const { tile, stale } = fed;
  return { tile, stale, coloring: tile ? colors.of(tile, like) : colors.shared, ink };
}

/** What a viewer shows around its picture. */
export function surroundings(look: Look, what: One, tile: Tile | null): Omit<ViewerLook, keyof Painted> {
  const { shown } = look;
  const { doc, row } = shown;
  const axes = what.kind === "channel" ? mapAxes(doc, row) : what.slice;
  const layout = doc.layout(row);
  const flagged = axes.columns >= 0 && axes.columns === doc.channelAxis(row);
  return {
    id: `${groupOf(shown, what)} ${tile?.fullWidth}×${tile?.fullHeight}`,
    title: titleOf(shown, what),
    rows: axisOf(shown, axes.rows, tile?.fullHeight ?? 0),
    columns: axisOf(shown, axes.columns, tile?.fullWidth ?? 0),
    square: (what.kind === "channel" && axes.rows >= 0) || layout === "attention",
    flags: flagged ? flagsOf(look) : new Map(),
    channel: what.kind === "channel" ? `${channelWord(doc, row)} ${what.channel}` : "",
  };
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
