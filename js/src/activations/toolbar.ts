import { h } from "../views/dom.js";
import { Popover } from "../views/popover.js";
import { button, Choice, Menu, type Option, Slider } from "./controls.js";
import type { Channels } from "./maps/channels.js";
import type { PanelSettings, Pictured } from "./panel.js";
import { COLOR_MAPS, type ColorMap, type Filter, SORTS, type Sort } from "./settings.js";
import { hasGrid, type Showing } from "./showing.js";
import type { Side } from "./source.js";

export type ExportKind = "png" | "svg" | "npy";

export interface ToolbarEvents {
  change(settings: Partial<PanelSettings>): void;
  /** `which`: of the sides, where there are several. */
  save(kind: ExportKind, which?: Side): void;
}

const SORT_WORDS: Readonly<Record<Sort, string>> = {
  index: "By index",
  mean: "By mean",
  std: "By std",
  max: "By max",
  sparsity: "By sparsity",
  divergence: "By divergence",
  sqnr_db: "By error seen",
  local_sqnr_db: "By error made",
  max_abs: "By largest error",
};
/** The least of these is the worst, and so comes first. */
const BEST_GREATEST: readonly Sort[] = ["index", "sqnr_db", "local_sqnr_db"];
const MAP_WORDS: Readonly<Record<ColorMap, string>> = {
  auto: "Auto colours",
  viridis: "Viridis",
  magma: "Magma",
  diverging: "About zero",
  grey: "Grey",
};
const SCALES: readonly Option<PanelSettings["scale"]>[] = [
  { value: "shared", text: "Shared scale" },
  { value: "channel", text: "Scale for each" },
];
const LIMITS: readonly Option<PanelSettings["limits"]>[] = [
  { value: "robust", text: "Robust limits" },
  { value: "full", text: "Full range" },
];
const SIZE = { min: 32, max: 256, step: 16 };

export interface ToolbarOptions {
  /** Whose values can be saved, where two models are compared. */
  readonly sides?: readonly Option<Side>[];
  /** Whether colours and size are behind a button. */
  readonly compact?: boolean;
}

/** How pictures are shown: which, in what order, in what colours. */
export class Toolbar {
  readonly #shape: Choice<PanelSettings["shape"]>;
  readonly #sort: Choice<Sort>;
  readonly #filter: Choice<Filter>;
  readonly #map: Choice<ColorMap>;
  readonly #scale: Choice<PanelSettings["scale"]>;
  readonly #limits: Choice<PanelSettings["limits"]>;
  readonly #size: Slider;
  readonly #direction: HTMLButtonElement;
  readonly #order: readonly HTMLElement[];
  readonly #looks: Behind | null;
  readonly #node: HTMLElement;
  #descending = false;

  constructor({ change, save }: ToolbarEvents, { sides = [], compact = false }: ToolbarOptions = {}) {
    this.#shape = new Choice("Which picture", "haoline-maps-shape", (shape) => change({ shape }));
    this.#sort = new Choice("Sort", "haoline-maps-sort", (sort) =>
      change({ sort, descending: !BEST_GREATEST.includes(sort), first: 0 }),
    );
    this.#filter = new Choice("Filter", "haoline-maps-filter", (filter) => change({ filter, first: 0 }));
    this.#map = new Choice("Colours", "haoline-maps-colors", (map) => change({ map }), compact);
    this.#scale = new Choice("Scale", "haoline-maps-scale", (scale) => change({ scale }), compact);
    this.#limits = new Choice("Limits", "haoline-maps-limits", (limits) => change({ limits }), compact);
    this.#size = new Slider("haoline-maps-size", (cell) => change({ cell }));
    const turn = (): void => change({ descending: !this.#descending, first: 0 });
    this.#direction = button("↑", "Turn the order round", "haoline-maps-direction", turn);
    this.#order = [this.#sort.node(), this.#direction];
    const files = new Menu("Save", "Save the picture or the values", "haoline-save", [
      button("Picture as PNG", "What is seen, as PNG", "haoline-save-png", () => save("png")),
      button("Picture as SVG", "What is seen, as SVG", "haoline-save-svg", () => save("svg")),
      ...(sides.length === 0
        ? [button("Values as .npy", "All values, as a NumPy file", "haoline-save-npy", () => save("npy"))]
        : sides.map(({ value, text }) =>
            button(`${text} as .npy`, "All values, as a NumPy file", `haoline-save-${value}`, () => save("npy", value)),
          )),
    ]);
    const colors = [this.#map.node(), this.#scale.node(), this.#limits.node()];
    const looks = [this.#size.node(), ...colors];
    this.#looks = compact ? behind(looks) : null;
    const label = "How activations are shown";
    this.#node = h("div", { class: "hl-pictures-bar", role: "toolbar", "aria-label": label });
    const shown = this.#looks?.nodes ?? looks;
    this.#node.append(this.#shape.node(), ...this.#order, this.#filter.node(), ...shown, files.node());
  }

  node(): HTMLElement {
    return this.#node;
  }

  show({ doc, row, settings }: Pictured, what: Showing, channels: Channels): void {
    this.#node.hidden = what.kind === "nothing";
    const grid = what.kind === "grid";
    for (const part of this.#order) part.hidden = !grid;
    this.#size.hidden = !grid;
    const word = doc.layout(row) === "attention" ? "Heads" : "Channels";
    this.#shape.show(shapes(word), settings.shape === "plane" ? "plane" : "auto");
    this.#shape.hidden = !hasGrid(doc, row);
    this.#sort.show(
      channels.sorts(SORTS).map((value) => ({ value, text: SORT_WORDS[value] })),
      settings.sort,
    );
    this.#showDirection(settings.descending);
    const offered = filters(channels);
    this.#filter.show(offered, settings.filter);
    this.#filter.hidden = !grid || offered.length < 2;
    this.#map.show(
      COLOR_MAPS.map((value) => ({ value, text: MAP_WORDS[value] })),
      settings.map,
    );
    this.#scale.show(SCALES, settings.scale);
    this.#scale.hidden = what.kind === "plane";
    this.#limits.show(LIMITS, settings.limits);
  }

  dispose(): void {
    this.#looks?.popover.dispose();
  }

  showSize(cell: number): void {
    this.#size.show("Size", SIZE, cell);
  }

  #showDirection(descending: boolean): void {
    this.#descending = descending;
    this.#direction.textContent = descending ? "↓" : "↑";
    const label = `${descending ? "Greatest" : "Least"} first; turn the order round`;
    for (const name of ["aria-label", "title"]) this.#direction.setAttribute(name, label);
  }
}

interface Behind {
  readonly popover: Popover;
  readonly nodes: readonly HTMLElement[];
}

function behind(parts: readonly HTMLElement[]): Behind {
  const show = button("Look", "Size and colours of the pictures", "haoline-looks", () => undefined);
  show.classList.add("hl-drops");
  const popover = new Popover(show, "Size and colours of the pictures", h("div", { class: "hl-looks" }, ...parts));
  return { popover, nodes: [show, popover.node()] };
}

function shapes(word: string): Option<PanelSettings["shape"]>[] {
  return [
    { value: "auto", text: word },
    { value: "plane", text: "Two axes" },
  ];
}

/** Marks that nobody looked for are not offered. */
function filters(channels: Channels): Option<Filter>[] {
  const [dead, outlier] = [channels.marked("dead"), channels.marked("outlier")];
  return [
    { value: "all", text: `All ${channels.count}` },
    ...(dead === null ? [] : [{ value: "dead", text: `Dead: ${dead}` } as const]),
    ...(outlier === null ? [] : [{ value: "outlier", text: `Outliers: ${outlier}` } as const]),
    ...(dead === null ? [] : [{ value: "alive", text: `Alive: ${channels.count - dead}` } as const]),
  ];
}
