import { percent } from "../../data/format.js";
import { h, put } from "../../views/dom.js";
import { Channels } from "../maps/channels.js";
import type { Panel, Shown } from "../panel.js";
import { channelWord } from "../showing.js";
import { ChannelStrip, capital } from "./channel-strip.js";
import { Segments } from "./choice.js";
import { HistogramChart } from "./histogram.js";
import type { PanelScene } from "./scene.js";
import { quantileTable, statisticsList } from "./statistics.js";

const AXES = [
  ["linear", "linear"],
  ["log", "log"],
] as const;

/** Which values a tensor takes over all samples, and how its channels differ. */
export class DistributionPanel implements Panel {
  readonly #histogram: HistogramChart;
  readonly #strip: ChannelStrip;
  readonly #bins: Segments<"linear" | "log">;
  readonly #counts: Segments<"linear" | "log">;
  readonly #limits: Segments<"robust" | "full">;
  readonly #hint = h("p", { class: "hl-hint" });
  readonly #numbers = h("div", { class: "hl-measured" });
  readonly #title = h("h4");
  readonly #left = h(
    "p",
    { class: "hl-hint" },
    "The figures of its channels were not stored: run the cell to see them.",
  );
  readonly #channels: HTMLElement;
  readonly #node: HTMLElement;

  constructor(scene: PanelScene) {
    this.#histogram = new HistogramChart(scene.tooltip);
    this.#strip = new ChannelStrip(scene.tooltip, (channel) => {
      scene.change({ channel });
      scene.show("maps");
    });
    this.#bins = new Segments({ label: "Values", options: AXES, pick: (bins) => scene.change({ bins }) });
    this.#counts = new Segments({ label: "Counts", options: AXES, pick: (counts) => scene.change({ counts }) });
    this.#limits = new Segments({
      label: "Range",
      options: [
        ["robust", "99.8 %"],
        ["full", "all"],
      ],
      pick: (limits) => scene.change({ limits }),
    });
    const choices = [this.#bins, this.#counts, this.#limits].map((choice) => choice.node());
    const key = "Line: min to max. Box: mean ± std. ■ dead, ▲ outlier.";
    this.#channels = h(
      "section",
      {},
      h("div", { class: "hl-section-head" }, this.#title, h("span", { class: "hl-hint" }, key)),
      this.#strip.node(),
    );
    this.#node = h(
      "div",
      { class: "hl-distribution hl-scroll", "data-testid": "haoline-distribution" },
      h("div", { class: "hl-toolbar", role: "toolbar", "aria-label": "Axes of the histogram" }, ...choices),
      this.#histogram.node(),
      this.#hint,
      this.#channels,
      this.#left,
      this.#numbers,
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(shown: Shown): void {
    const { doc, row, settings } = shown;
    const statistics = doc.statistics(row);
    const histogram = doc.histogram(row);
    const { bins, counts, limits } = settings;
    this.#bins.show(bins);
    this.#counts.show(counts);
    this.#limits.show(limits);
    this.#histogram.show({ histogram, statistics, bins, counts, robust: limits === "robust" });
    this.#hint.textContent = hint(bins, limits === "robust");
    this.#hint.hidden = this.#hint.textContent === "";
    put(
      this.#numbers,
      quantileTable(statistics, doc.tensors.text("quantiles")?.at(row) ?? ""),
      statisticsList(statistics),
    );
    this.#showChannels(shown);
  }

  #showChannels({ doc, row, settings }: Shown): void {
    const channels = new Channels(doc, row);
    const measured = channels.values("mean") !== null;
    this.#channels.hidden = !measured;
    // A notebook keeps the figures of so many channels, those of tensors with dead ones first.
    this.#left.hidden = measured || (doc.value(row, "channels") ?? 0) < 1;
    if (!measured) return;
    const { bins: axis, channel: chosen } = settings;
    const word = channelWord(doc, row);
    this.#title.textContent = `${capital(word)}s`;
    this.#strip.show({ channels, order: channels.order(settings), axis, word, chosen });
  }

  dispose(): void {
    this.#histogram.dispose();
    this.#strip.dispose();
    this.#node.remove();
  }
}

function hint(bins: "linear" | "log", robust: boolean): string {
  const ends = robust ? `${percent(0.002)} of the values lie beyond the axis.` : "";
  const spread = bins === "linear" ? "Far from zero, several bars share a bin." : "";
  return [ends, spread].filter(Boolean).join(" ");
}
