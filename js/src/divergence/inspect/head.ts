import { opName, opType, tensorName } from "../../activations/panels/scene.js";
import { decibels } from "../../activations/words.js";
import { h, put, style, tail } from "../../views/dom.js";
import { categoryColor } from "../../views/palette.js";
import { cosine } from "../words.js";
import { clippedText } from "./distribution/grid-chart.js";
import type { Inspected, InspectScene } from "./scene.js";
import { arrives, sourcesOf, verdict } from "./upstream.js";

/** Which op and tensor are inspected, and how large the error is in figures. */
export class Head {
  readonly #scene: InspectScene;
  readonly #node = h("div", { class: "hl-tensor-head", "data-testid": "haoline-inspect-head" });

  constructor(scene: InspectScene) {
    this.#scene = scene;
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(inspected: Inspected): void {
    const { document: report, divergence, row } = inspected;
    const op = divergence.opOf(row);
    const category = report.ops.text("category")?.at(op) ?? "";
    const dot = style(h("span", { class: "hl-dot" }), "background", categoryColor(category || "other"));
    const precision = divergence.text(row, "precision");
    put(
      this.#node,
      h(
        "div",
        { class: "hl-tensor-title" },
        h("h3", {}, dot, tail(opName(report, op), "hl-tensor-op")),
        h("span", { class: "hl-muted" }, opType(report, op)),
        precision !== "" && h("span", { class: "hl-chip hl-chip-plain" }, precision),
        this.#close(),
      ),
      figures(inspected),
      h(
        "div",
        { class: "hl-tensor-line" },
        this.#verdict(inspected),
        h(
          "span",
          { class: "hl-inspect-tensor" },
          this.#choice(inspected),
          h(
            "span",
            { class: "hl-tensor-facts", title: `${facts(inspected)}. ${howText(inspected)}` },
            facts(inspected),
          ),
        ),
      ),
    );
  }

  #close(): HTMLElement {
    const onclick = (): void => this.#scene.select([]);
    return h("button", { type: "button", class: "hl-close", "aria-label": "Clear the selection", onclick }, "×");
  }

  #choice({ document: report, divergence, row, rows = [] }: Inspected): HTMLElement {
    const name = (of: number): string => tensorName(report, divergence.tensorOf(of));
    if (rows.length < 2) return tail(name(row), "hl-tensor-label");
    const options = rows.map((of) => h("option", { value: of, selected: of === row }, name(of)));
    const select = h(
      "select",
      { class: "hl-input hl-tensor-choice", "aria-label": "Tensor", "data-testid": "haoline-inspect-tensor" },
      ...options,
    );
    select.addEventListener("change", () => this.#scene.pick(divergence.tensorOf(Number(select.value))));
    return select;
  }

  #verdict({ document: report, divergence, row }: Inspected): HTMLElement | null {
    const text = divergence.matched(row) ? verdict(divergence, row) : "";
    if (text === "") return null;
    const op = divergence.opOf(row);
    const worst = arrives(divergence, row) ? sourcesOf(report, divergence, op)[0] : undefined;
    return h(
      "p",
      { class: "hl-inspect-verdict", "data-testid": "haoline-inspect-verdict" },
      text,
      worst && Number.isFinite(worst.sqnr) ? " " : null,
      worst && Number.isFinite(worst.sqnr) && this.#link(opName(report, worst.op), worst.op, worst.sqnr),
    );
  }

  #link(name: string, op: number, sqnr: number): HTMLElement {
    const onclick = (): void => this.#scene.select([op]);
    const title = `Inspect ${name}, the input with the most error`;
    return h(
      "button",
      { type: "button", class: "hl-link", title, onclick },
      `Worst input: ${short(name)}, ${decibels(sqnr)}`,
    );
  }
}

const MOST_LETTERS = 28;

/** The end of a long name tells ops apart. */
function short(name: string): string {
  return name.length > MOST_LETTERS ? `…${name.slice(1 - MOST_LETTERS)}` : name;
}

function facts({ divergence, row }: Inspected): string {
  const parts = [divergence.text(row, "shape"), unitOf(divergence.text(row, "unit"))];
  return parts.filter((part) => part !== "").join(" · ");
}

function howText({ divergence, row }: Inspected): string {
  return divergence.matched(row) ? `Matched by ${divergence.text(row, "how")}` : divergence.text(row, "why");
}

function unitOf(unit: string): string {
  return unit && `runs as one: ${unit}`;
}

type Figure = readonly [name: string, text: string, title: string];

function figures({ divergence, row }: Inspected): HTMLElement | null {
  const list = divergence.matched(row) ? measured(divergence, row) : [];
  const weights = divergence.value(row, "weight_sqnr_db"); // of ops that are fused away, too
  if (weights !== null) list.push(["Weights", decibels(weights), "Signal to noise of the stored weights alone"]);
  const clipped = divergence.matched(row) ? clippedText(divergence.value(row, "clipped")) : "";
  if (clipped) list.push(["Grid", clipped, "Float values beyond the least and greatest level of the integers"]);
  if (list.length === 0) return null;
  return h(
    "dl",
    { class: "hl-figures hl-inspect-figures" },
    ...list.map(([name, text, title]) => h("div", { title }, h("dt", {}, name), h("dd", {}, text))),
  );
}

/** What the samples showed of a tensor that has a counterpart. */
function measured(divergence: Inspected["divergence"], row: number): Figure[] {
  return [
    [
      "Seen here",
      decibels(divergence.sqnr(row, "accumulated")),
      "Signal to noise of the variant's tensor, with all the error that came before",
    ],
    [
      "Made here",
      decibels(divergence.sqnr(row, "local")),
      "Signal to noise of the op alone, fed what the float model has there",
    ],
    ["Cosine", cosine(divergence.value(row, "cosine")), "Of both models' values; 1 is the same direction"],
  ];
}
