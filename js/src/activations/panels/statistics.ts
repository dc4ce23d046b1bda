import type { Statistics } from "../../data/activations.js";
import { exact, percent } from "../../data/format.js";
import { h } from "../../views/dom.js";
import { figure } from "./figures.js";

type Row = readonly [label: string, text: string, hint?: string];

const QUANTILES = [
  ["min", "Min"],
  ["q001", "0.1 %"],
  ["q01", "1 %"],
  ["q25", "25 %"],
  ["q50", "Median"],
  ["q75", "75 %"],
  ["q99", "99 %"],
  ["q999", "99.9 %"],
  ["max", "Max"],
] as const;

/** The quantiles side by side; `origin` says whether they were counted or drawn from a sample. */
export function quantileTable(statistics: Statistics, origin: string): HTMLElement {
  const caption = origin === "sampled" ? "Quantiles, from a random sample of the values" : "Quantiles";
  const head = QUANTILES.map(([, label]) => h("th", { scope: "col" }, label));
  const cells = QUANTILES.map(([name]) => h("td", {}, figure(statistics[name])));
  return h(
    "div",
    { class: "hl-quantiles hl-scroll" },
    h(
      "table",
      { "data-testid": "haoline-quantiles" },
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ...head)),
      h("tbody", {}, h("tr", {}, ...cells)),
    ),
  );
}

/** What else was measured of a tensor; what is unknown is left out. */
export function statisticsList(statistics: Statistics): HTMLElement {
  const rows = [...overall(statistics), ...unusual(statistics), ...ofChannels(statistics)];
  return h(
    "dl",
    { class: "hl-figures hl-measures", "data-testid": "haoline-statistics" },
    ...rows.map(([label, text, hint]) => h("div", { title: hint }, h("dt", {}, label), h("dd", {}, text))),
  );
}

function overall({ count, samples, mean, std, effective_range }: Statistics): Row[] {
  const values = `${exact(count)} in ${exact(samples)} sample${samples === 1 ? "" : "s"}`;
  const rows: Row[] = [
    ["Values", values],
    ["Mean", figure(mean)],
    ["Std", figure(std)],
  ];
  if (known(effective_range)) {
    rows.push(["Effective range", percent(effective_range), "99.8 % of the values lie in this share of min to max"]);
  }
  return rows;
}

function unusual({ sparsity, saturation, nan, inf, count }: Statistics): Row[] {
  const rows: Row[] = [];
  if (known(sparsity)) rows.push(["Zeros", percent(sparsity)]);
  if (known(saturation)) rows.push(["Saturated", percent(saturation), "Values at the limits of their type"]);
  if (nan) rows.push(["NaN", share(nan, count)]);
  if (inf) rows.push(["Infinite", share(inf, count)]);
  return rows;
}

function ofChannels({ channels, dead_channels, outlier_channels, outlier_ratio }: Statistics): Row[] {
  if (!channels || channels < 0) return [];
  const rows: Row[] = [["Channels", exact(channels)]];
  if (known(dead_channels)) rows.push(["Dead", exact(dead_channels), "Channels that are zero on every sample"]);
  if (known(outlier_channels)) rows.push(["Outliers", exact(outlier_channels), "Channels far beyond the others"]);
  if (known(outlier_ratio)) {
    rows.push([
      "Largest to median",
      `${figure(outlier_ratio)} ×`,
      "|max| of the largest channel over that of the median",
    ]);
  }
  return rows;
}

function share(part: number, count: number | null | undefined): string {
  return count ? `${exact(part)} (${percent(part / count)})` : exact(part);
}

function known(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
