import { type Estimate, format, type ReportDocument } from "../data/index.js";
import { type Bar, barList, legendItem } from "./charts/bars.js";
import { MemoryBar } from "./charts/memory-bar.js";
import { RooflineChart } from "./charts/roofline.js";
import { type Child, h, put } from "./dom.js";
import { profileDetails } from "./hardware-parts.js";
import { categoryColor } from "./palette.js";
import { findProfile } from "./profiles.js";
import { section } from "./section.js";
import { hardwareName } from "./stats.js";
import { largest, sumBy } from "./totals.js";
import { plural } from "./units.js";
import type { Scene, View } from "./view.js";

const { micros, percent } = format;
const SLOWEST = 10;

interface FullEstimate extends Estimate {
  readonly overhead_us?: number | null;
  readonly communication_us?: number | null;
}

/** What the chosen hardware would make of the model: all of it estimated. */
export class HardwareView implements View {
  #scene: Scene;
  #roofline: RooflineChart;
  #legend = h("div", { class: "hl-legend" });
  #bar: MemoryBar;
  #categories = h("div");
  #slowest = h("div");
  #verdict = h("div", { class: "hl-verdict-box" });
  #notes = h("div");
  #device = h("div", { class: "hl-device" });
  #node: HTMLElement;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#roofline = new RooflineChart(scene);
    this.#bar = new MemoryBar(scene.report);
    this.#node = h("div", { class: "hl-scroll hl-sections", "data-testid": "haoline-hardware" }, ...this.#sections());
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#roofline.update(report);
    this.#bar.update(report);
    const keys = this.#roofline.categories.slice(0, 8).map((name) => legendItem(name, "", categoryColor(name)));
    const apart =
      this.#roofline.left > 0 && `${plural(this.#roofline.left, "op")} not shown: fused, or without FLOPs or time`;
    put(this.#legend, ...keys, apart && h("span", { class: "hl-muted" }, apart));
    put(this.#verdict, ...verdict(report));
    put(this.#categories, bars(this.#byCategory(report)));
    put(this.#slowest, bars(this.#top(report)));
    put(this.#notes, ...assumptions(report));
    put(this.#device, device(report));
  }

  select(ops: readonly number[]): void {
    this.#roofline.select(ops);
  }

  dispose(): void {
    this.#roofline.dispose();
    this.#node.remove();
  }

  #sections(): Child[] {
    const chart = h("div", {}, this.#roofline.node(), this.#legend);
    return [
      this.#verdict,
      section(
        "Roofline",
        "estimated",
        chart,
        "A dot is an op, or several alike; its area is their time. Click to select.",
      ),
      h(
        "div",
        { class: "hl-pair" },
        section("Time by category", "estimated", this.#categories),
        section("Slowest ops", "estimated", this.#slowest),
      ),
      h(
        "div",
        { class: "hl-pair" },
        section("Memory", "estimated", this.#bar.node()),
        section("How it is estimated", "estimated", this.#notes),
      ),
      section("Device", "declared", this.#device),
    ];
  }

  #byCategory(report: ReportDocument): Bar[] {
    const groups = sumBy(report, "category", "estimated_us").filter((group) => group.value > 0);
    const total = groups.reduce((sum, group) => sum + group.value, 0);
    return groups.map(({ name, value, ops }) => ({
      label: name,
      value,
      text: micros(value),
      note: percent(value / total),
      color: categoryColor(name),
      onPick: () => this.#scene.select(ops),
    }));
  }

  #top(report: ReportDocument): Bar[] {
    const times = report.ops.numeric("estimated_us");
    return largest(report, "estimated_us", SLOWEST).map((op) => ({
      label: report.ops.text("name")?.at(op) || `op ${op}`,
      value: times?.at(op) ?? 0,
      text: micros(times?.at(op)),
      note: report.ops.text("bound")?.at(op) ?? "",
      color: categoryColor(report.ops.text("category")?.at(op) ?? ""),
      onPick: () => this.#scene.select([op]),
    }));
  }
}

function bars(list: readonly Bar[]): HTMLElement {
  return list.length > 0 ? barList(list) : h("p", { class: "hl-empty" }, "Choose hardware to see estimated times.");
}

function verdict(report: ReportDocument): Child[] {
  const estimate = report.hardware?.estimate;
  if (!estimate)
    return [h("p", { class: "hl-empty" }, "No hardware chosen yet: pick a device at the top of the report.")];
  const bound = estimate.bound ? `, ${estimate.bound}-bound` : "";
  const precision = report.hardware?.precision || "the model's own precision";
  return [
    h(
      "p",
      { class: "hl-lead" },
      `About ${micros(estimate.time_us)} per run on ${hardwareName(report)} in ${precision}${bound}.`,
    ),
    figures([...parts(estimate), ["Of peak compute", percent(estimate.utilisation)]]),
  ];
}

function figures(rows: readonly (readonly [string, string])[]): HTMLElement {
  const pair = ([name, value]: readonly [string, string]): HTMLElement =>
    h("div", {}, h("dt", { class: "hl-muted" }, name), h("dd", {}, value));
  return h("dl", { class: "hl-figures" }, ...rows.map(pair));
}

/** Where the time goes; what costs nothing is left out. */
function parts(estimate: FullEstimate): [string, string][] {
  const { compute_us, memory_us, overhead_us, communication_us } = estimate;
  const rows: [string, number | null | undefined][] = [
    ["Compute alone", compute_us],
    ["Memory alone", memory_us],
    ["Launch overhead", overhead_us],
    ["Between devices", communication_us],
  ];
  return rows.filter(([, time]) => time).map(([name, time]) => [name, micros(time)]);
}

function assumptions(report: ReportDocument): Child[] {
  const notes = report.hardware?.estimate?.notes ?? [];
  const general = "A roofline model: nothing was run on the device. Expect real times to differ.";
  return [h("ul", { class: "hl-notes" }, ...[general, ...notes].map((note) => h("li", {}, note)))];
}

function device(report: ReportDocument): HTMLElement {
  const { hardware } = report;
  const profile = hardware && (findProfile(hardware.profile.id) ?? hardware.profile);
  return profile ? profileDetails(profile) : h("p", { class: "hl-empty" }, "No hardware chosen yet.");
}
