import { Segments } from "../activations/panels/choice.js";
import { figure } from "../activations/panels/figures.js";
import { HistogramChart } from "../activations/panels/histogram.js";
import { format, type ReportDocument, readValues, type TensorValues, valuesQuestion } from "../data/index.js";
import { type Child, h, put, tail } from "./dom.js";
import type { Scene } from "./view.js";

const { count, exact, percent } = format;
const BINS = 128;
/** Who walks through a table with the arrow keys does not have every tensor read. */
const REST_MS = 150;
const MOST_KEPT = 32;
const NO_KERNEL = "The values are in the model's file: run the cell to see how they are spread.";

type Counts = "linear" | "log";

/** How the values of one stored tensor are spread. The kernel reads them when they are asked for. */
export class ValuesPanel {
  readonly #scene: Scene;
  readonly #chart: HistogramChart;
  readonly #title = h("span");
  readonly #said = h("p", { class: "hl-muted", role: "status", "data-testid": "haoline-values-status" });
  readonly #figures = h("dl", { class: "hl-pairs hl-costs", "data-testid": "haoline-values-figures" });
  readonly #counts: Segments<Counts>;
  readonly #drawn: HTMLElement;
  readonly #node: HTMLElement;
  readonly #known = new Map<string, TensorValues>();
  #scale: Counts = "linear";
  #key = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#chart = new HistogramChart(scene.tooltip);
    const options = [
      ["linear", "linear"],
      ["log", "log"],
    ] as const;
    this.#counts = new Segments({ label: "Counts", options, pick: (scale) => this.#rescale(scale) });
    this.#counts.show(this.#scale);
    const axis = h("p", { class: "hl-hint hl-muted" }, "Value → · count of elements ↑");
    this.#drawn = h("div", {}, this.#chart.node(), axis, this.#counts.node(), this.#figures);
    this.#node = h(
      "section",
      { class: "hl-values", "aria-label": "Values of the tensor", "data-testid": "haoline-values" },
      h("h4", {}, "Values ", this.#title),
      this.#said,
      this.#drawn,
    );
    this.#node.hidden = true;
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** Whether it shows this tensor. */
  shows(report: ReportDocument, tensor: number): boolean {
    return !this.#node.hidden && this.#key === keyOf(report, tensor);
  }

  show(report: ReportDocument, tensor: number): void {
    const key = keyOf(report, tensor);
    const same = this.#key === key && !this.#node.hidden;
    this.#node.hidden = false;
    if (same) return;
    clearTimeout(this.#timer);
    this.#key = key;
    put(this.#title, tail(report.tensors.text("name")?.at(tensor) || `tensor ${tensor}`, "hl-muted"));
    const known = this.#known.get(key);
    if (known) return this.#draw(known);
    if (!this.#scene.host.ask) return this.#say(NO_KERNEL);
    this.#say("Reading the values …");
    this.#timer = setTimeout(() => void this.#ask(key, tensor), REST_MS);
  }

  hide(): void {
    clearTimeout(this.#timer);
    this.#node.hidden = true;
    this.#key = "";
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#key = "";
    this.#chart.dispose();
  }

  async #ask(key: string, tensor: number): Promise<void> {
    const { ask } = this.#scene.host;
    if (!ask) return this.#say(NO_KERNEL);
    try {
      const values = readValues(await ask(valuesQuestion(tensor, BINS)));
      this.#keep(key, values);
      if (key === this.#key) this.#draw(values);
    } catch (error) {
      if (key === this.#key) this.#say(error instanceof Error ? error.message : String(error));
    }
  }

  #keep(key: string, values: TensorValues): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_KEPT && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, values);
  }

  #say(text: string): void {
    this.#drawn.hidden = true;
    this.#said.textContent = text;
    this.#said.hidden = text === "";
  }

  #draw(values: TensorValues): void {
    this.#say(values.counted === 0 ? "It has no elements." : valuesNote(values));
    this.#drawn.hidden = values.counted === 0;
    this.#plot(values);
    put(this.#figures, ...figures(values));
  }

  #plot({ histogram, minimum, maximum, counted }: TensorValues): void {
    const statistics = { min: minimum, max: maximum, count: counted };
    this.#chart.show({ histogram, statistics, bins: "linear", counts: this.#scale, robust: false });
  }

  #rescale(scale: Counts): void {
    this.#scale = scale;
    this.#counts.show(scale);
    const values = this.#known.get(this.#key);
    if (values) this.#plot(values);
  }
}

function keyOf(report: ReportDocument, tensor: number): string {
  return `${report.id}/${tensor}`;
}

/** How the values were had; "" where all elements were read as they stand. */
export function valuesNote({ sampled, counted, elements, quantization }: TensorValues): string {
  const part = sampled && `Sampled: ${count(counted)} of ${count(elements)} elements, rows evenly spaced.`;
  return [part, quantization && packingNote(quantization)].filter(Boolean).join(" ");
}

/** A weight is dequantized; its scales and zero points, `scales of GPTQ int4`, are what they are. */
function packingNote(text: string): string {
  if (!/^[a-z][a-z ]* of /.test(text)) return `Dequantized from ${text}.`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function figures(values: TensorValues): Child[] {
  const { counted, zeros, nans, infinities } = values;
  const rows: (readonly [string, string])[] = [
    ["Elements", exact(values.elements)],
    ["Mean", figure(values.mean)],
    ["Deviation (std)", figure(values.std)],
    ["Least", figure(values.minimum)],
    ["Greatest", figure(values.maximum)],
    ["Zeros", zeros > 0 ? `${exact(zeros)} (${percent(zeros / counted)})` : "0"],
  ];
  if (nans > 0) rows.push(["NaN", exact(nans)]);
  if (infinities > 0) rows.push(["Infinite", exact(infinities)]);
  return rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}
