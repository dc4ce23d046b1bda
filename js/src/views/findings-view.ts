import type { Finding, ReportDocument } from "../data/index.js";
import { notes } from "./chips.js";
import { h, put } from "./dom.js";
import { asText, plural } from "./units.js";
import type { Scene, View } from "./view.js";

const SEVERITIES = ["error", "warning", "info"] as const;

/** What is wrong with the model, worst first, then what the numbers rest on. */
export class FindingsView implements View {
  #scene: Scene;
  #node = h("div", { class: "hl-findings hl-scroll", "data-testid": "haoline-findings" });

  constructor(scene: Scene) {
    this.#scene = scene;
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    const { findings } = report.header;
    const sorted = [...findings].sort((a, b) => rank(a) - rank(b));
    const cards = sorted.map((finding) => this.#card(finding));
    const none = h("p", { class: "hl-empty" }, "No findings: nothing in this model looks risky.");
    put(this.#node, ...(cards.length > 0 ? cards : [none]), notes(report, this.#scene));
  }

  select(): void {
    // A finding does not depend on the selection.
  }

  dispose(): void {
    this.#node.remove();
  }

  #card(finding: Finding): HTMLElement {
    const evidence = asText(finding.evidence);
    return h(
      "article",
      { class: "hl-card", "data-severity": finding.severity, "data-testid": "haoline-finding" },
      h(
        "div",
        { class: "hl-card-head" },
        h("span", { class: "hl-severity", "data-severity": finding.severity }, finding.severity),
        h("h3", {}, finding.title),
        this.#ops(finding.ops),
      ),
      evidence !== "" && h("p", {}, evidence),
      finding.advice !== "" && h("p", { class: "hl-advice" }, finding.advice),
    );
  }

  #ops(ops: readonly number[]): HTMLElement | null {
    if (ops.length === 0) return null;
    const show = (): void => {
      this.#scene.select(ops);
      this.#scene.show("graph");
    };
    return h("button", { type: "button", class: "hl-link", onclick: show }, `Show ${plural(ops.length, "op")}`);
  }
}

function rank(finding: Finding): number {
  const at = SEVERITIES.indexOf(finding.severity);
  return at < 0 ? SEVERITIES.length : at;
}
