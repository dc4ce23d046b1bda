import { opName } from "../../../activations/panels/scene.js";
import { decibels } from "../../../activations/words.js";
import type { Finding, Suggestion } from "../../../data/index.js";
import { h, put } from "../../../views/dom.js";
import { asText, plural } from "../../../views/units.js";
import { type Choice, choiceOf, follows, withChoice, withSuggestion } from "../../whatif/plan.js";
import { Predictor } from "../../whatif/predict.js";
import { cosine } from "../../words.js";
import type { Inspected, InspectScene } from "../scene.js";
import { type Source, sourcesOf } from "../upstream.js";
import { suggestions } from "./suggestions.js";

const SEVERITIES = ["error", "warning", "info"];
const MOST_SOURCES = 6;
const CHOICES: readonly (readonly [Choice, string, string])[] = [
  ["int8", "As it is", "Quantize this op as the variant does"],
  ["int16", "16-bit activations", "Give the values that this op reads and makes 16 bits"],
  ["float", "Keep float", "Leave this op in floating point"],
];

/** What is wrong with the selected op, what its figures suggest, and the change to try. */
export class AdvicePanel {
  readonly #scene: InspectScene;
  readonly #node = h("div", { class: "hl-findings hl-scroll", "data-testid": "haoline-advice" });

  constructor(scene: InspectScene) {
    this.#scene = scene;
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(inspected: Inspected): void {
    const findings = findingsOf(inspected);
    const said = suggestions(inspected.divergence, inspected.row).map(({ title, evidence, advice }) =>
      card("", title, evidence, advice),
    );
    const linted = lintOf(inspected);
    const none = h("p", { class: "hl-empty" }, "Nothing about this op looks unusual.");
    put(
      this.#node,
      this.#change(inspected),
      ...findings.map(({ severity, title, evidence, advice }) => card(severity, title, asText(evidence), advice)),
      ...linted.map((one) => this.#linted(one, inspected)),
      ...said,
      findings.length + linted.length + said.length === 0 && none,
      this.#inputs(inspected),
    );
  }

  /** How many cards there are to read. */
  count(inspected: Inspected): number {
    const own = suggestions(inspected.divergence, inspected.row);
    return findingsOf(inspected).length + lintOf(inspected).length + own.length;
  }

  dispose(): void {
    this.#node.remove();
  }

  /** The focus stays on the choice, which is drawn anew when it is made. */
  #change(inspected: Inspected): HTMLElement {
    const { divergence, row, plan } = inspected;
    const ops = [divergence.opOf(row)].filter((op) => op >= 0);
    const now = ops[0] === undefined ? "int8" : choiceOf(plan, ops[0]);
    const buttons = CHOICES.map(([choice, text, title]) => {
      const onclick = (): void => {
        this.#scene.setPlan(withChoice(plan, ops, choice));
        this.#node.querySelector<HTMLElement>(`[data-choice="${choice}"]`)?.focus();
      };
      const pressed = String(choice === now);
      return h(
        "button",
        { type: "button", class: "hl-segment", "aria-pressed": pressed, title, "data-choice": choice, onclick },
        text,
      );
    });
    return h(
      "section",
      { class: "hl-change", "aria-label": "The change to try" },
      h("h4", {}, "What to change"),
      h("div", { class: "hl-segments", role: "group", "aria-label": "How to quantize this op" }, ...buttons),
      h("p", { class: "hl-hint", "data-testid": "haoline-advice-predicted" }, predicted(inspected, ops)),
    );
  }

  /** What lint says of the op, with the change to tick. */
  #linted(one: Suggestion, { plan }: Inspected): HTMLElement {
    const box = h("input", { type: "checkbox", "data-suggestion": one.id });
    box.checked = follows(plan, one);
    box.addEventListener("change", () => {
      this.#scene.setPlan(withSuggestion(plan, one, box.checked));
      this.#node.querySelector<HTMLElement>(`[data-suggestion="${CSS.escape(one.id)}"]`)?.focus();
    });
    const made = card(one.severity, one.title, asText(one.evidence), "");
    made.append(h("label", { class: "hl-advice" }, box, ` ${one.label}`));
    return made;
  }

  #inputs({ document: report, divergence, row }: Inspected): HTMLElement | null {
    const sources = sourcesOf(report, divergence, divergence.opOf(row));
    if (sources.length === 0) return null;
    const item = ({ op, sqnr }: Source): HTMLElement => {
      const onclick = (): void => this.#scene.select([op]);
      return h(
        "li",
        {},
        h("button", { type: "button", class: "hl-link", onclick }, opName(report, op)),
        h("span", { class: "hl-muted" }, ` ${decibels(sqnr)}`),
      );
    };
    const rest = sources.length - MOST_SOURCES;
    return h(
      "section",
      { class: "hl-inspect-inputs" },
      h("h4", {}, "What arrives, worst first"),
      h("ul", { class: "hl-notes" }, ...sources.slice(0, MOST_SOURCES).map(item)),
      rest > 0 && h("p", { class: "hl-hint" }, `and ${plural(rest, "other input")}`),
    );
  }
}

/** What speaks of the op, in either document; worst first. */
function findingsOf({ document: report, divergence, row }: Inspected): Finding[] {
  const op = divergence.opOf(row);
  const all = [...divergence.header.findings, ...report.header.findings];
  return all.filter((finding) => finding.ops.includes(op)).sort((a, b) => rank(a) - rank(b));
}

/** Of what lint suggests, that which speaks of the op. */
function lintOf({ divergence, row }: Inspected): readonly Suggestion[] {
  const op = divergence.opOf(row);
  return (divergence.header.suggestions ?? []).filter((one) => one.ops.includes(op));
}

function rank({ severity }: Finding): number {
  const at = SEVERITIES.indexOf(severity);
  return at < 0 ? SEVERITIES.length : at;
}

/** What keeping this op alone float would bring at the outputs, by the additive model. */
function predicted({ divergence, plan }: Inspected, ops: readonly number[]): string {
  const whatIf = divergence.header.what_if;
  if (!whatIf || ops.length === 0) return "The tab “What if” measures what this choice costs and gains at the outputs.";
  const predictor = new Predictor(whatIf);
  const [now, then] = (["int8", "float"] as const).map((choice) => predictor.predict(withChoice(plan, ops, choice)));
  if (now?.sqnr_db == null || then?.sqnr_db == null) return "";
  return (
    `Predicted at the outputs with this op kept float: ${decibels(then.sqnr_db)} in place of ${decibels(now.sqnr_db)}, ` +
    `cosine ${cosine(then.cosine)} in place of ${cosine(now.cosine)}.`
  );
}

/** `severity`: "" for what the figures suggest. */
function card(severity: string, title: string, evidence: string, advice: string): HTMLElement {
  const sign = severity === "" ? "hint" : severity;
  return h(
    "article",
    { class: "hl-card", "data-severity": severity || "info", "data-testid": "haoline-advice-card" },
    h(
      "div",
      { class: "hl-card-head" },
      h("span", { class: "hl-severity", "data-severity": severity || "info" }, sign),
      h("h4", {}, title),
    ),
    evidence !== "" && h("p", {}, evidence),
    advice !== "" && h("p", { class: "hl-advice" }, advice),
  );
}
