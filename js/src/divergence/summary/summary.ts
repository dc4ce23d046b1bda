import { runFacts } from "../../activations/panels/run-facts.js";
import type { DivergenceDocument, OutputDivergence } from "../../data/divergence.js";
import { Cleanup } from "../../views/cleanup.js";
import { h, put } from "../../views/dom.js";
import { StatTile } from "../../views/stat-tile.js";
import type { ComparePart, CompareScene } from "../scene.js";
import { SamplesStrip } from "./samples-strip.js";
import { costStats, outputStats } from "./stats.js";

const SAID_MS = 1600;

export interface SummaryOptions {
  readonly scene: CompareScene;
  readonly chooseSample: (sample: number) => void;
}

/** How good the variant is: a sentence to paste, headline numbers, and how each sample fares. */
export class Summary implements ComparePart {
  readonly #scene: CompareScene;
  readonly #sentence = h("p", { class: "hl-summary-text", "data-testid": "haoline-divergence-summary" });
  readonly #copy = h("button", { type: "button", class: "hl-button" }, "Copy");
  readonly #facts = h("div", { class: "hl-run" });
  readonly #stats = h("div", { class: "hl-stats hl-divergence-stats" });
  readonly #output = h("select", { class: "hl-input", "aria-label": "Output" });
  readonly #samples: SamplesStrip;
  readonly #node: HTMLElement;
  readonly #cleanup = new Cleanup();
  #doc: DivergenceDocument | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ scene, chooseSample }: SummaryOptions) {
    this.#scene = scene;
    this.#samples = new SamplesStrip({ tooltip: scene.tooltip, choose: chooseSample });
    this.#copy.title = "Copy this sentence";
    this.#copy.addEventListener("click", () => void this.#toClipboard());
    this.#output.addEventListener("change", () => this.#showOutput());
    const sentence = h("div", { class: "hl-summary-line" }, this.#sentence, this.#copy);
    this.#node = h(
      "header",
      { class: "hl-summary" },
      sentence,
      this.#stats,
      h("div", { class: "hl-summary-foot" }, this.#output, this.#samples.node(), this.#facts),
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(doc: DivergenceDocument): void {
    this.#doc = doc;
    const { header } = doc;
    this.#sentence.textContent = header.summary || `${header.variant} beside ${header.model}.`;
    this.#copy.hidden = header.summary === "";
    this.#cleanup.dispose();
    put(this.#facts, ...runFacts(doc, this.#scene, this.#cleanup));
    const kept = this.#output.selectedIndex;
    put(this.#output, ...header.outputs.map(({ name }, at) => h("option", { value: at, selected: at === kept }, name)));
    this.#output.hidden = header.outputs.length < 2;
    this.#showOutput();
  }

  select(sample: number): void {
    this.#samples.select(sample);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#cleanup.dispose();
    this.#samples.dispose();
    this.#node.remove();
  }

  #showOutput(): void {
    const doc = this.#doc;
    if (!doc) return;
    const output: OutputDivergence | undefined = doc.header.outputs[Math.max(0, this.#output.selectedIndex)];
    this.#samples.node().hidden = !output;
    if (output) this.#samples.update(doc, output);
    const stats = [...(output ? outputStats(output) : []), ...costStats(doc.header)];
    const tiles = stats.map(({ id, stat, mood }) => {
      const tile = new StatTile(`divergence-${id}`, this.#scene.tooltip);
      tile.update(stat);
      tile.node().dataset["mood"] = mood;
      return tile.node();
    });
    put(this.#stats, ...tiles);
  }

  async #toClipboard(): Promise<void> {
    const text = this.#doc?.header.summary ?? "";
    const said = await navigator.clipboard?.writeText(text).then(
      () => "Copied",
      () => "",
    );
    // Where the browser allows no copying, the sentence is selected for the reader's own keys.
    if (!said) getSelection()?.selectAllChildren(this.#sentence);
    this.#copy.textContent = said || "Selected";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => put(this.#copy, "Copy"), SAID_MS);
  }
}
