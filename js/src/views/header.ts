import { format, type ReportDocument } from "../data/index.js";
import { bindingChips, notesChip, precisionMix } from "./chips.js";
import { Cleanup } from "./cleanup.js";
import { h, put } from "./dom.js";
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
  #tiles: readonly StatTile[];
  #chips = h("div", { class: "hl-chips" });
  #chipCleanup = new Cleanup();
  #hardware: HardwareChip;
  #node: HTMLElement;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#hardware = new HardwareChip(scene.host);
    this.#tiles = STATS.map(({ id }) => new StatTile(id, scene.tooltip));
    this.#node = h(
      "header",
      { class: "hl-header" },
      h(
        "div",
        { class: "hl-title" },
        h("div", { class: "hl-identity" }, this.#name, this.#facts),
        this.#hardware.node(),
      ),
      h("div", { class: "hl-stats" }, ...this.#tiles.map((tile) => tile.node())),
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
    for (const [at, { of }] of STATS.entries()) this.#tiles[at]?.update(of(report));
    this.#hardware.update(report);
    this.#fillChips(report);
  }

  dispose(): void {
    this.#hardware.dispose();
    this.#chipCleanup.dispose();
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
      precisionMix(report, this.#scene.tooltip),
    );
  }
}

function facts(report: ReportDocument): string {
  const { model } = report;
  const opsets = Object.entries(model.opsets).map(([domain, version]) =>
    domain === "" || domain === "ai.onnx" ? `opset ${version}` : `${domain} ${version}`,
  );
  const size = model.file_bytes ? format.bytes(model.file_bytes) : "";
  const ops = plural(report.ops.rows, "op");
  const kind = model.format === "onnx" ? "ONNX" : model.format;
  return [kind, ...opsets, model.producer, ops, size].filter(Boolean).join(" · ");
}
