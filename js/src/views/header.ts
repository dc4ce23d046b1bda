import { format, type Holds, type ReportDocument, rowNoun } from "../data/index.js";
import { aboutChip } from "./about.js";
import { architectureCard } from "./architecture-card.js";
import { bindingChips, notesChip, precisionMix } from "./chips.js";
import { Cleanup } from "./cleanup.js";
import { h, put } from "./dom.js";
import { engineCard } from "./engine-card.js";
import { quietGap } from "./gaps.js";
import { HardwareChip } from "./hardware-chip.js";
import { StatTile } from "./stat-tile.js";
import { STATS } from "./stats.js";
import { plural } from "./units.js";
import type { Scene } from "./view.js";

/** Name, headline numbers, and what they rest on. */
export class Header {
  #scene: Scene;
  #name = h("h2", { class: "hl-name" });
  #facts = h("span", { class: "hl-facts" });
  #tiles: readonly StatTile[] = [];
  #held: Holds | null = null;
  #stats = h("div", { class: "hl-stats" });
  #cards = h("div", { class: "hl-cards" });
  #quiet = h("p", { class: "hl-quiet hl-muted", "data-testid": "haoline-quiet" });
  #chips = h("div", { class: "hl-chips" });
  #chipCleanup = new Cleanup();
  #hardware: HardwareChip;
  #node: HTMLElement;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#hardware = new HardwareChip(scene.host);
    this.#node = h(
      "header",
      { class: "hl-header" },
      h(
        "div",
        { class: "hl-title" },
        h("div", { class: "hl-identity" }, this.#name, this.#facts),
        this.#hardware.node(),
      ),
      this.#stats,
      this.#quiet,
      this.#cards,
      this.#chips,
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#name.textContent = report.model.name || "model";
    this.#name.title = report.model.name;
    this.#facts.textContent = facts(report);
    this.#fillStats(report);
    this.#fillCards(report);
    this.#hardware.update(report);
    // An engine is made for one device: there is none to choose.
    this.#hardware.node().hidden = report.holds === "layers";
    this.#fillChips(report);
  }

  dispose(): void {
    this.#hardware.dispose();
    this.#chipCleanup.dispose();
  }

  #fillStats(report: ReportDocument): void {
    const stats = STATS[report.holds];
    if (this.#held !== report.holds) {
      this.#held = report.holds;
      this.#tiles = stats.map(({ id }) => new StatTile(id, this.#scene.tooltip));
      this.#stats.dataset["holds"] = report.holds;
      put(this.#stats, ...this.#tiles.map((tile) => tile.node()));
    }
    for (const [at, { of }] of stats.entries()) this.#tiles[at]?.update(of(report));
  }

  #fillCards(report: ReportDocument): void {
    const { architecture } = report;
    put(this.#cards, architecture && architectureCard(architecture), engineCard(report));
    this.#cards.hidden = this.#cards.childElementCount === 0;
    this.#quiet.textContent = quietLine(report);
    this.#quiet.hidden = this.#quiet.textContent === "";
  }

  #fillChips(report: ReportDocument): void {
    this.#chipCleanup.dispose();
    const { findings } = report.header;
    put(
      this.#chips,
      ...bindingChips(report, this.#scene.tooltip),
      ...notesChip(report, this.#scene, this.#chipCleanup),
      findings.length > 0 &&
        h(
          "button",
          { type: "button", class: "hl-chip", onclick: () => this.#scene.show("findings") },
          plural(findings.length, "finding"),
        ),
      ...aboutChip(report, this.#chipCleanup),
      precisionMix(report, this.#scene.tooltip),
    );
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  onnx: "ONNX",
  safetensors: "SafeTensors",
  huggingface: "Hugging Face folder",
  gguf: "GGUF",
  torch: "PyTorch",
  pytorch: "PyTorch",
  tensorrt: "TensorRT",
};

/** What a checkpoint cannot tell, in one line: the reader's own where it says so. */
function quietLine(report: ReportDocument): string {
  if (report.holds !== "weights") return "";
  const said = quietGap(report)?.what;
  const text = said ?? "a checkpoint holds weights but no ops: compute, activations and data flow are not known";
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

function facts(report: ReportDocument): string {
  const { model } = report;
  const opsets = Object.entries(model.opsets).map(([domain, version]) =>
    domain === "" || domain === "ai.onnx" ? `opset ${version}` : `${domain} ${version}`,
  );
  const size = model.file_bytes ? format.bytes(model.file_bytes) : "";
  const ops = plural(report.ops.rows, rowNoun(report.holds));
  const kind = Object.hasOwn(FORMATS, model.format) ? FORMATS[model.format] : model.format;
  const named = kind && model.producer.startsWith(kind) ? [model.producer] : [kind, ...opsets, model.producer];
  return [...named, ops, size].filter(Boolean).join(" · ");
}
