import { watchTheme } from "../graph/paint/theme.js";
import { h, put } from "../views/dom.js";
import { saveBlob } from "../views/save-blob.js";
import { ColorBar } from "./color/bar.js";
import { Colors } from "./color/coloring.js";
import { figurePng, figureSvg } from "./export/figure.js";
import { GridView } from "./grid-view.js";
import { type Ink, readInk } from "./ink.js";
import { Channels } from "./maps/channels.js";
import type { Panel, PanelContext, Pictured } from "./panel.js";
import { type Reading, readingText } from "./reading.js";
import { type Showing, showing } from "./showing.js";
import { SingleView } from "./single-view.js";
import { sameSubject } from "./subject.js";
import { pictureStem, titleOf, valuesStem } from "./title.js";
import { type ExportKind, Toolbar } from "./toolbar.js";

/** What a part of the panel is told to show. */
export interface Look {
  readonly shown: Pictured;
  readonly channels: Channels;
  readonly colors: Colors;
  readonly ink: Ink;
}

/** What a part of the panel tells. */
export interface Stage extends PanelContext {
  reading(reading: Reading | null): void;
  note(text: string): void;
  /** The shared colours changed. */
  learned(): void;
  /** Pixels of a picture's longer side in the grid, chosen or fitted. */
  sized(cell: number): void;
}

const READ = "Hover or use the arrow keys to read values";
const HINTS: Readonly<Record<Showing["kind"], string>> = {
  nothing: "",
  grid: `${READ}, click for one alone.`,
  channel: `${READ}; wheel or + − to zoom, drag to move, Escape to go back.`,
  plane: `${READ}; click, then wheel or + − to zoom, drag to move.`,
};

/** The values of a tensor as pictures: a grid of channels, one of them, or two axes. */
export class TensorPanel implements Panel {
  readonly #context: PanelContext;
  readonly #toolbar: Toolbar;
  readonly #grid: GridView;
  readonly #single: SingleView;
  readonly #bar = new ColorBar();
  readonly #reading = h("output", { class: "hl-reading", "aria-live": "polite", "data-testid": "haoline-reading" });
  readonly #note = h("p", { class: "hl-pictures-note", role: "status", "data-testid": "haoline-pictures-note" });
  readonly #empty = h("p", { class: "hl-empty" });
  readonly #node = h("section", { class: "hl-pictures", "aria-label": "Values", "data-testid": "haoline-pictures" });
  readonly #foot: HTMLElement;
  readonly #stopTheme: () => void;
  #look: Look | null = null;
  #what: Showing = { kind: "nothing", text: "" };
  #frame = 0;

  constructor(context: PanelContext) {
    this.#context = context;
    const stage: Stage = {
      tiles: context.tiles,
      change: (settings) => context.change(settings),
      say: (text) => context.say(text),
      reading: (reading) => this.#read(reading ? readingText(reading) : ""),
      note: (text) => this.#tell(text),
      learned: () => this.#relearn(),
      sized: (cell) => this.#toolbar.showSize(cell),
    };
    this.#toolbar = new Toolbar({ change: stage.change, save: (kind) => void this.#save(kind) });
    this.#grid = new GridView(stage, (text) => this.#read(text));
    this.#single = new SingleView(stage, () => this.#grid.focus());
    this.#foot = h("div", { class: "hl-pictures-foot" }, this.#bar.node(), this.#reading);
    const parts = [this.#toolbar.node(), this.#note, this.#empty, this.#grid.node(), this.#single.node(), this.#foot];
    this.#node.append(...parts);
    this.#stopTheme = watchTheme(() => this.#retint());
    this.#tell("");
    this.#read("");
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(shown: Pictured): void {
    if (!sameSubject(this.#look?.shown ?? null, shown)) {
      this.#tell("");
      this.#read("");
    }
    this.#display(shown);
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#stopTheme();
    this.#grid.dispose();
    this.#single.dispose();
    this.#node.remove();
  }

  #display(shown: Pictured): void {
    const ink = readInk(this.#node);
    const colors = this.#colors(shown, ink.dark);
    const look: Look = { shown, ink, colors, channels: new Channels(shown.doc, shown.row) };
    this.#look = look;
    this.#what = showing(shown);
    const { kind } = this.#what;
    if (this.#node.dataset["kind"] !== kind) this.#read("");
    this.#node.dataset["kind"] = kind;
    this.#empty.textContent = this.#what.kind === "nothing" ? this.#what.text : "";
    this.#empty.hidden = kind !== "nothing";
    this.#grid.show(kind === "grid" ? look : null);
    this.#toolbar.show(shown, this.#what, look.channels);
    this.#single.show(kind === "channel" || kind === "plane" ? look : null, this.#what);
    this.#foot.hidden = kind === "nothing";
    if (kind !== "nothing") this.#bar.show(colors);
  }

  /** What was learned of the range of a tensor is kept while the same is shown. */
  #colors(shown: Pictured, dark: boolean): Colors {
    const before = this.#look;
    const { map, scale, limits } = shown.settings;
    const was = before?.shown.settings;
    const same = was?.map === map && was.scale === scale && was.limits === limits && before?.colors.dark === dark;
    return same && sameSubject(before?.shown ?? null, shown) ? before!.colors : new Colors(shown, dark);
  }

  #relearn(): void {
    if (this.#look) this.#bar.show(this.#look.colors);
  }

  /** After the page has put its theme in place. */
  #retint(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#look && this.#display(this.#look.shown));
  }

  #read(text: string): void {
    this.#reading.textContent = text || HINTS[this.#what.kind];
    this.#reading.classList.toggle("hl-muted", text === "");
  }

  #tell(text: string): void {
    this.#note.hidden = text === "";
    put(this.#note, text);
  }

  async #save(kind: ExportKind): Promise<void> {
    const look = this.#look;
    if (!look) return;
    const stem = kind === "npy" ? valuesStem : pictureStem;
    const name = `${stem(look.shown, this.#what)}.${kind}`;
    try {
      saveBlob(name, await this.#file(kind, look));
      this.#context.say(`Saved ${name}.`);
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error));
    }
  }

  async #file(kind: ExportKind, { shown }: Look): Promise<Blob> {
    if (kind === "npy") {
      const channel = this.#what.kind === "channel" ? this.#what.channel : null;
      return this.#context.tiles.array(shown.doc.tensorOf(shown.row), shown.sample, channel);
    }
    const drawn = this.#what.kind === "grid" ? this.#grid.drawn() : this.#single.drawn();
    const { colors, ink } = this.#look!;
    if (!drawn) throw new Error("There is no picture to save yet.");
    const figure = { ...drawn, title: titleOf(shown, this.#what), colors, ink };
    return kind === "svg" ? figureSvg(figure) : figurePng(figure);
  }
}
