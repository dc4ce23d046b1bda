import { h } from "../views/dom.js";
import type { Figure } from "./export/figure.js";
import { drawCell } from "./maps/cell.js";
import { ChannelGrid } from "./maps/grid.js";
import type { PanelSettings } from "./panel.js";
import { channelWord, mapSize } from "./showing.js";
import type { Look, Stage } from "./tensor-panel.js";

export type Drawn = Pick<Figure, "width" | "height" | "draw">;

/** The grid of channels and what is said where a filter leaves none. */
export class GridView {
  readonly #grid: ChannelGrid;
  readonly #none = h("p", { class: "hl-empty" });
  readonly #node: HTMLElement;
  #order: { key: string; look: Look; order: number[] } | null = null;

  constructor(stage: Stage, read: (text: string) => void) {
    this.#grid = new ChannelGrid(stage.tiles, {
      onPick: (channel) => stage.change({ channel }),
      onReading: (reading) => stage.reading(reading),
      onCursor: read,
      onFirst: (first) => this.#cameToRest(first, stage),
      onLearned: () => stage.learned(),
      onSized: (cell) => stage.sized(cell),
      onFailed: (message) => stage.note(message),
    });
    this.#node = h("div", { class: "hl-pictures-stage" }, this.#none, this.#grid.node());
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** null: something else is shown. */
  show(look: Look | null): void {
    this.#node.hidden = look === null;
    if (!look) return this.#grid.hide();
    const { doc, row, settings } = look.shown;
    const order = this.#ordered(look);
    const word = channelWord(doc, row);
    this.#none.hidden = order.length > 0;
    this.#grid.node().hidden = order.length === 0;
    this.#none.textContent = NONE[settings.filter](word);
    this.#grid.show({ ...look, order, word, map: mapSize(doc, row) });
  }

  focus(): void {
    this.#grid.focus();
  }

  drawn(): Drawn | null {
    const look = this.#grid.look;
    const [width, height] = this.#grid.size;
    if (!look) return null;
    const cells = this.#grid.cells().map((cell) => ({ ...cell, active: false }));
    return {
      width,
      height,
      draw: (context) => {
        for (const cell of cells) drawCell(context, cell, look.colors.limits, look.ink);
      },
    };
  }

  dispose(): void {
    this.#grid.dispose();
  }

  /** Sorted once for each choice: a move of the sample slider sorts nothing. */
  #ordered(look: Look): number[] {
    const { sort, descending, filter } = look.shown.settings;
    const key = `${sort} ${descending} ${filter}`;
    const before = this.#order;
    const same = before?.look.shown.doc === look.shown.doc && before.look.shown.row === look.shown.row;
    if (!same || before.key !== key) this.#order = { key, look, order: look.channels.order(look.shown.settings) };
    return this.#order!.order;
  }

  #cameToRest(first: number, stage: Stage): void {
    if (this.#grid.look?.shown.settings.first !== first) stage.change({ first });
  }
}

const NONE: Readonly<Record<PanelSettings["filter"], (word: string) => string>> = {
  all: (word) => `There is no ${word}.`,
  dead: (word) => `No ${word} is dead: each is other than zero on some sample.`,
  outlier: (word) => `No ${word} is far larger than the others.`,
  alive: (word) => `Every ${word} is dead: zero on every sample.`,
};
