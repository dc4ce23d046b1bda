import { SampleSlider } from "../../activations/panels/sample-bar.js";
import { h, put } from "../../views/dom.js";
import { Tabs } from "../../views/tabs.js";
import { AdvicePanel } from "./advice/advice-panel.js";
import { DistributionPanel } from "./distribution/distribution-panel.js";
import { Head } from "./head.js";
import { hintOf } from "./hint.js";
import { INSPECT_TABS, type Inspected, type InspectScene } from "./scene.js";
import { ValuesPanel } from "./values/values-panel.js";

/** What the quantization did to one op: both models' values and their difference, their distribution, and what to change. */
export class InspectPanel {
  readonly #head: Head;
  readonly #sample: SampleSlider;
  readonly #values: ValuesPanel;
  readonly #distribution: DistributionPanel;
  readonly #advice: AdvicePanel;
  readonly #tabs: Tabs;
  readonly #scene: InspectScene;
  readonly #hint = h("div", { class: "hl-inspect-hint", "data-testid": "haoline-inspect-hint" });
  readonly #body: HTMLElement;
  readonly #node: HTMLElement;
  #known = "";

  constructor(scene: InspectScene) {
    this.#scene = scene;
    this.#head = new Head(scene);
    this.#sample = new SampleSlider("Sample", "haoline-inspect-sample", (sample) => scene.chooseSample(sample));
    this.#values = new ValuesPanel(scene);
    this.#distribution = new DistributionPanel(scene);
    this.#advice = new AdvicePanel(scene);
    this.#tabs = new Tabs(INSPECT_TABS, (tab) => scene.showTab(tab));
    const parts = { values: this.#values, distribution: this.#distribution, advice: this.#advice };
    for (const [id, part] of Object.entries(parts)) this.#tabs.panel(id)?.append(part.node());
    const bar = h("div", { class: "hl-inspect-bar" }, this.#tabs.node(), this.#sample.node());
    this.#body = h("div", { class: "hl-inspect-body" }, this.#head.node(), bar, ...this.#tabs.panels());
    this.#node = h(
      "section",
      { class: "hl-inspect", "aria-label": "The selected op in both models", "data-testid": "haoline-inspect" },
      this.#hint,
      this.#body,
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(inspected: Inspected): void {
    const { divergence, row, rows, sample, tab } = inspected;
    const found = row >= 0;
    this.#hint.hidden = found;
    this.#body.hidden = !found;
    if (!found) put(this.#hint, ...hintOf(inspected, (ops) => this.#scene.select(ops)));
    this.#tabs.show(tab);
    // What stays as it is must not be made anew while somebody scrolls or drags in another part.
    const known = JSON.stringify([inspected.document.id, divergence.id, row, rows]);
    if (found && known !== this.#known) this.#head.show(inspected);
    this.#known = found ? known : "";
    const count = Math.max(1, divergence.header.done);
    this.#sample.node().hidden = count < 2 || tab !== "values" || !divergence.matched(row);
    this.#sample.show(divergence, count, sample);
    const advice = found ? this.#advice.count(inspected) : 0;
    this.#tabs.badge("advice", advice > 0 && String(advice));
    this.#showTab(inspected, found);
  }

  dispose(): void {
    for (const part of [this.#values, this.#distribution, this.#advice]) part.dispose();
    this.#node.remove();
  }

  /** What is out of sight asks the kernel for nothing. */
  #showTab(inspected: Inspected, found: boolean): void {
    const { current } = this.#tabs;
    if (current === "values") this.#values.show(inspected);
    else this.#values.hide();
    if (found && current === "distribution") this.#distribution.show(inspected);
    if (found && current === "advice") this.#advice.show(inspected);
  }
}
