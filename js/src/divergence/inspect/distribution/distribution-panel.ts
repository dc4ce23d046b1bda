import type { Limits } from "../../../activations/color/limits.js";
import { Channels } from "../../../activations/maps/channels.js";
import { Segments } from "../../../activations/panels/choice.js";
import { figure, span } from "../../../activations/panels/figures.js";
import { axisName } from "../../../activations/showing.js";
import { exact, percent } from "../../../data/format.js";
import type { QuantizationGrid, SharedHistogram } from "../../../data/index.js";
import { h, put } from "../../../views/dom.js";
import type { Inspected, InspectScene } from "../scene.js";
import { unmatchedText } from "../values/nothing.js";
import { valueLimits, variantWord } from "../values/sides.js";
import { errorShare } from "./error-share.js";
import { ErrorStrip } from "./error-strip.js";
import { extentOf, rangeOf, usedShare } from "./extent.js";
import { clippedText, GridChart } from "./grid-chart.js";

const AXES = [
  ["linear", "linear"],
  ["log", "log"],
] as const;
const RANGES = [
  ["robust", "99.8 %"],
  ["full", "all"],
] as const;

/** Which values a tensor has in both models, over the levels that the variant has for them; and the error by channel. */
export class DistributionPanel {
  readonly #chart: GridChart;
  readonly #strip: ErrorStrip;
  readonly #counts: Segments<"linear" | "log">;
  readonly #limits: Segments<"robust" | "full">;
  readonly #word = h("span");
  readonly #gridKeys = [key("hl-key-ruler", "Levels"), key("hl-key-beyond", "Beyond the grid")];
  readonly #none = h("p", { class: "hl-hint" });
  readonly #grid = h("dl", { class: "hl-figures hl-measures", "data-testid": "haoline-grid-facts" });
  readonly #drawn: HTMLElement;
  readonly #channels: HTMLElement;
  readonly #title = h("h4");
  readonly #share = h("p", { class: "hl-hint" });
  readonly #node: HTMLElement;

  constructor(scene: InspectScene) {
    this.#chart = new GridChart(scene.tooltip);
    this.#strip = new ErrorStrip(scene.tooltip, (channel) => {
      scene.change({ channel });
      scene.showTab("values");
    });
    this.#counts = new Segments({ label: "Counts", options: AXES, pick: (counts) => scene.change({ counts }) });
    this.#limits = new Segments({ label: "Range", options: RANGES, pick: (limits) => scene.change({ limits }) });
    const legend = h(
      "div",
      { class: "hl-legend hl-grid-legend", "aria-hidden": "true" },
      key("hl-key-float", "Float"),
      h("span", {}, h("i", { class: "hl-key hl-key-variant" }), this.#word),
      ...this.#gridKeys,
    );
    const choices = [this.#counts.node(), this.#limits.node(), legend];
    this.#drawn = h(
      "div",
      {},
      h("div", { class: "hl-toolbar", role: "toolbar", "aria-label": "Axes of the histogram" }, ...choices),
      this.#chart.node(),
    );
    const keys = h(
      "span",
      { class: "hl-legend hl-grid-legend", "aria-hidden": "true" },
      key("hl-key-seen", "Seen here"),
      key("hl-key-made", "Made here"),
    );
    const head = h("div", { class: "hl-section-head" }, this.#title, keys);
    this.#channels = h("section", {}, head, this.#strip.node(), this.#share);
    this.#node = h(
      "div",
      { class: "hl-distribution hl-scroll", "data-testid": "haoline-divergence-distribution" },
      this.#drawn,
      this.#none,
      this.#grid,
      this.#channels,
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(inspected: Inspected): void {
    const { divergence, row, settings } = inspected;
    const [histogram, grid] = [divergence.histogram(row), divergence.grid(row)];
    const values = valueLimits(inspected) ?? (histogram && rangeOf(histogram));
    const word = variantWord(divergence, row);
    this.#counts.show(settings.counts);
    this.#limits.show(settings.limits);
    this.#word.textContent = word;
    for (const part of this.#gridKeys) part.hidden = grid.scale === null;
    this.#drawn.hidden = !histogram || !values;
    if (histogram && values) this.#chart.show({ histogram, grid, values, counts: settings.counts, word });
    const notes = [
      noteOf(inspected, histogram !== null),
      values && histogram ? beyondAxis(histogram, values, grid) : "",
    ];
    this.#none.textContent = notes.filter((part) => part !== "").join(" ");
    this.#none.hidden = this.#none.textContent === "";
    put(
      this.#grid,
      ...facts(inspected, grid).map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))),
    );
    this.#showChannels(inspected);
  }

  dispose(): void {
    this.#chart.dispose();
    this.#strip.dispose();
    this.#node.remove();
  }

  #showChannels({ divergence, row, settings }: Inspected): void {
    const channels = new Channels(divergence, row);
    this.#channels.hidden = channels.count < 2 || channels.values("sqnr_db") === null;
    if (this.#channels.hidden) return;
    const order = channels.order({ sort: "sqnr_db", descending: false, filter: "all" });
    const word = axisName(divergence, row, divergence.channelAxis(row)) || "channel";
    this.#title.textContent = `Error by ${word}`;
    this.#strip.show({ channels, order, word, chosen: settings.channel });
    this.#share.textContent = errorShare(channels.values("mse"), word);
  }
}

function key(name: string, text: string): HTMLElement {
  return h("span", {}, h("i", { class: `hl-key ${name}` }), text);
}

/** How many float values lie beyond the ends of the axis, and how far. */
function beyondAxis(histogram: SharedHistogram, values: Limits, grid: QuantizationGrid): string {
  const range = rangeOf(histogram);
  const { low, high } = extentOf(values, grid);
  const total = histogram.float.reduce((sum, count) => sum + count, 0);
  const beyond = histogram.float.reduce((sum, count, bin) => {
    const out = histogram.low[bin]! >= high || histogram.high[bin]! <= low;
    return out ? sum + count : sum;
  }, 0);
  if (!range || beyond === 0) return "";
  const ends = [range.low < low && `down to ${figure(range.low)}`, range.high > high && `up to ${figure(range.high)}`];
  return `${percent(beyond / total)} of the float values lie beyond the axis, ${ends.filter(Boolean).join(" and ")}.`;
}

/** What is missing in the chart, and why. */
function noteOf({ divergence, row }: Inspected, counted: boolean): string {
  if (!divergence.matched(row)) return unmatchedText(divergence, row);
  if (!counted) return "The values of this tensor were not counted: compare with histograms to see them.";
  const { scale, low, bits } = divergence.grid(row);
  if (scale !== null) return "";
  if (low !== null || bits !== null) return "Each channel has a scale of its own: there is no one grid to draw.";
  return "No grid: the variant keeps this tensor in floating point, or chooses its scale as it runs.";
}

function facts({ divergence, row }: Inspected, grid: QuantizationGrid): (readonly [string, string])[] {
  const histogram = divergence.histogram(row);
  const range = histogram && rangeOf(histogram);
  const used = range && usedShare(range, grid);
  const clipped = clippedText(divergence.value(row, "clipped"));
  const made: (readonly [string, string])[] = [];
  if (range) made.push(["Float values", span(range.low, range.high)]);
  if (grid.low !== null && grid.high !== null)
    made.push(["Grid", `${span(grid.low, grid.high)}${clipped && `, ${clipped}`}`]);
  if (grid.scale !== null) made.push(["Step", figure(grid.scale)]);
  if (grid.zeroPoint !== null) made.push(["Zero point", figure(grid.zeroPoint)]);
  if (grid.bits !== null) made.push(["Bits", exact(grid.bits)]);
  if (used !== null) made.push(["Levels used", percent(used)]);
  return made;
}
