import type { ActivationsDocument } from "../../data/activations.js";
import { exact, percent } from "../../data/format.js";
import { type Child, h, put, style, tail } from "../../views/dom.js";
import { categoryColor } from "../../views/palette.js";
import { span } from "./figures.js";
import { opName, opType, type PanelScene, tensorName } from "./scene.js";

const LAYOUTS: Readonly<Record<string, string>> = {
  maps: "feature maps",
  tokens: "tokens × features",
  attention: "attention, heads",
  vector: "vector",
};

/** Which tensor is shown: of what op, of what shape; a choice where there are several. */
export class TensorHeader {
  readonly #scene: PanelScene;
  readonly #node = h("div", { class: "hl-tensor-head", "data-testid": "haoline-tensor-head" });

  constructor(scene: PanelScene) {
    this.#scene = scene;
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** `rows` are the tensors there are to choose from, `row` is the one shown. */
  show(doc: ActivationsDocument, rows: readonly number[], row: number): void {
    const { report } = this.#scene;
    const op = doc.opOf(row);
    const category = report.ops.text("category")?.at(op) ?? "";
    const dot = style(h("span", { class: "hl-dot" }), "background", categoryColor(category || "other"));
    put(
      this.#node,
      h(
        "div",
        { class: "hl-tensor-title" },
        h("h3", {}, dot, tail(opName(report, op), "hl-tensor-op")),
        h("span", { class: "hl-muted" }, opType(report, op)),
        ...alarms(doc, row),
        this.#close(),
      ),
      h("div", { class: "hl-tensor-line" }, this.#choice(doc, rows, row), ...this.#facts(doc, row)),
    );
  }

  dispose(): void {
    this.#node.remove();
  }

  #close(): HTMLElement {
    const onclick = (): void => this.#scene.select([]);
    return h("button", { type: "button", class: "hl-close", "aria-label": "Clear the selection", onclick }, "×");
  }

  #choice(doc: ActivationsDocument, rows: readonly number[], row: number): HTMLElement {
    const { report } = this.#scene;
    const name = (of: number): string => tensorName(report, doc.tensorOf(of));
    if (rows.length < 2) return tail(name(row), "hl-tensor-label");
    const select = h(
      "select",
      { class: "hl-input hl-tensor-choice", "aria-label": "Tensor", "data-testid": "haoline-tensor" },
      ...rows.map((of) => h("option", { value: of, selected: of === row }, name(of))),
    );
    select.addEventListener("change", () => this.#scene.pick(doc.tensorOf(Number(select.value))));
    return select;
  }

  #facts(doc: ActivationsDocument, row: number): Child[] {
    const dtype = this.#scene.report.tensors.text("dtype")?.at(doc.tensorOf(row)) ?? "";
    const shape = doc.tensors.text("shape")?.at(row) ?? "";
    const [low, high] = [doc.value(row, "min"), doc.value(row, "max")];
    const range = low === null ? "no finite values" : span(low, high);
    const words = [`${dtype} ${shape}`.trim(), LAYOUTS[doc.layout(row)], range].filter(Boolean).join(" · ");
    return [h("span", { class: "hl-tensor-facts" }, words)];
  }
}

/** What is wrong with a tensor, in a word each. */
function alarms(doc: ActivationsDocument, row: number): HTMLElement[] {
  const value = (name: string): number => doc.value(row, name) ?? 0;
  const made: HTMLElement[] = [];
  const add = (text: string, mood: string): void => {
    made.push(h("span", { class: "hl-chip hl-chip-plain", "data-mood": mood }, text));
  };
  if (value("nan") > 0) add(`${exact(value("nan"))} NaN`, "error");
  if (value("inf") > 0) add(`${exact(value("inf"))} infinite`, "error");
  if (value("dead_channels") > 0) add(`${value("dead_channels")} of ${value("channels")} dead`, "warning");
  if (value("outlier_channels") > 0) add(`${value("outlier_channels")} outlier channels`, "warning");
  if (value("saturation") > 0) add(`${percent(value("saturation"))} saturated`, "warning");
  return made;
}
