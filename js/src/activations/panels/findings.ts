import type { Finding } from "../../data/index.js";
import { h, put } from "../../views/dom.js";
import { asText, plural } from "../../views/units.js";
import type { PanelScene } from "./scene.js";

const SEVERITIES = ["error", "warning", "info"];

/** What was found wrong, worst first; an entry selects the ops that it speaks of. */
export class FindingsList {
  readonly #scene: Pick<PanelScene, "select">;
  readonly #node = h("div", { class: "hl-findings hl-scroll", "data-testid": "haoline-activation-findings" });

  constructor(scene: Pick<PanelScene, "select">) {
    this.#scene = scene;
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** Those of the selected ops come first. */
  show(doc: { readonly header: { readonly findings: readonly Finding[] } }, ops: readonly number[]): void {
    const selected = new Set(ops);
    const own = (finding: Finding): boolean => finding.ops.some((op) => selected.has(op));
    const sorted = [...doc.header.findings].sort((a, b) => Number(own(b)) - Number(own(a)) || rank(a) - rank(b));
    const none = h("p", { class: "hl-empty" }, "No findings: nothing that was measured looks unusual.");
    put(this.#node, ...(sorted.length > 0 ? sorted.map((finding) => this.#card(finding, own(finding))) : [none]));
  }

  dispose(): void {
    this.#node.remove();
  }

  #card({ severity, title, ops, evidence, advice }: Finding, own: boolean): HTMLElement {
    const proof = asText(evidence);
    const select = (): void => this.#scene.select(ops);
    const link = h(
      "button",
      { type: "button", class: "hl-link", onclick: select },
      `Select ${plural(ops.length, "op")}`,
    );
    return h(
      "article",
      { class: "hl-card", "data-severity": severity, "data-selected": own, "data-testid": "haoline-finding" },
      h(
        "div",
        { class: "hl-card-head" },
        h("span", { class: "hl-severity", "data-severity": severity }, severity),
        h("h4", {}, title),
        ops.length > 0 && link,
      ),
      proof !== "" && h("p", {}, proof),
      advice !== "" && h("p", { class: "hl-advice" }, advice),
    );
  }
}

function rank({ severity }: Finding): number {
  const at = SEVERITIES.indexOf(severity);
  return at < 0 ? SEVERITIES.length : at;
}
