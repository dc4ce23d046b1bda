import { format, type ReportDocument } from "../data/index.js";
import { aliveAt } from "./alive.js";
import { barList } from "./charts/bars.js";
import { LivenessChart } from "./charts/liveness.js";
import { MemoryBar } from "./charts/memory-bar.js";
import { h, put } from "./dom.js";
import { section } from "./section.js";
import { breakdownTable } from "./stored-view.js";
import { trainingSection } from "./training.js";
import type { Scene, View } from "./view.js";

const SHOWN_TENSORS = 10;

/** What is alive when, what the peak is made of, and whether it fits the device. */
export class MemoryView implements View {
  #scene: Scene;
  #chart: LivenessChart;
  #bar: MemoryBar;
  #more = h("div", { class: "hl-sections-inner" });
  #tensors = h("div", { class: "hl-peak-tensors" });
  #node: HTMLElement;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#chart = new LivenessChart(scene);
    this.#bar = new MemoryBar(scene.report);
    const curve = section(
      "Live activations",
      "counted",
      this.#chart.node(),
      "Weights are not in the curve. Click to select an op.",
    );
    this.#node = h(
      "div",
      { class: "hl-scroll hl-sections" },
      curve,
      h(
        "div",
        { class: "hl-pair" },
        section(
          "Largest tensors alive at the peak",
          "counted",
          this.#tensors,
          "Views of one buffer count once in the curve.",
        ),
        section("Device memory", "estimated", this.#bar.node()),
      ),
      this.#more,
    );
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#chart.update(report);
    this.#bar.update(report);
    const rows = aliveAt(report, this.#chart.peak, SHOWN_TENSORS).map((tensor) => this.#tensorBar(report, tensor));
    put(this.#tensors, rows.length > 0 ? barList(rows) : h("p", { class: "hl-empty" }, "Tensor sizes are not known."));
    const breakdown = report.table("breakdown");
    put(
      this.#more,
      trainingSection(report),
      breakdown.rows > 0 && section("Weights by role and stored type", "counted", breakdownTable(breakdown)),
    );
  }

  select(ops: readonly number[]): void {
    this.#chart.select(ops);
  }

  dispose(): void {
    this.#chart.dispose();
    this.#node.remove();
  }

  #tensorBar(report: ReportDocument, tensor: number): Parameters<typeof barList>[0][number] {
    const size = report.tensors.numeric("nbytes")?.at(tensor) ?? null;
    const producer = report.tensors.indices("producer")[tensor] ?? -1;
    return {
      label: report.tensors.text("name")?.at(tensor) || `tensor ${tensor}`,
      value: size ?? 0,
      text: format.bytes(size),
      note: report.tensors.text("shape")?.at(tensor) ?? format.UNKNOWN,
      color: "var(--hl-series-1)",
      onPick: () => this.#scene.select(producer < 0 ? [] : [producer]),
    };
  }
}
