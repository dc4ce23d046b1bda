import type { ActivationsDocument } from "../../data/activations.js";
import { h, put, uid } from "../../views/dom.js";

export interface SampleChoice {
  readonly sample: number;
  readonly against: number | null;
  readonly mean: boolean;
}

/** The mean is taken over no more samples than this; the kernel's limit. */
const MOST_MEAN = 64;

/** Which sample is shown, which is taken off it, or the mean over all. */
export class SampleBar {
  readonly #pick: (choice: SampleChoice) => void;
  readonly #first: SampleSlider;
  readonly #second: SampleSlider;
  readonly #compare = h("input", { type: "checkbox" });
  readonly #mean = h("input", { type: "checkbox" });
  readonly #meanText = h("span");
  readonly #node: HTMLElement;
  #choice: SampleChoice = { sample: 0, against: null, mean: false };
  #count = 1;

  constructor(pick: (choice: SampleChoice) => void) {
    this.#pick = pick;
    this.#first = new SampleSlider("Sample", "haoline-sample", (sample) => this.#set({ sample }));
    this.#second = new SampleSlider("minus", "haoline-sample-against", (against) => this.#set({ against }));
    this.#compare.addEventListener("change", () =>
      this.#set({ against: this.#compare.checked ? this.#other() : null }),
    );
    this.#mean.addEventListener("change", () => this.#set({ mean: this.#mean.checked, against: null }));
    this.#node = h(
      "div",
      { class: "hl-sample-bar", role: "group", "aria-label": "Sample", "data-testid": "haoline-sample-bar" },
      this.#first.node(),
      h("label", { class: "hl-check", title: "Show the difference of two samples" }, this.#compare, "Compare"),
      h("label", { class: "hl-check" }, this.#mean, this.#meanText),
      this.#second.node(),
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(doc: ActivationsDocument, choice: SampleChoice): void {
    this.#choice = choice;
    this.#count = Math.max(1, doc.header.done);
    this.#node.hidden = this.#count < 2;
    const { sample, against, mean } = choice;
    this.#compare.checked = against !== null;
    this.#compare.disabled = mean;
    this.#mean.checked = mean;
    const over = Math.min(this.#count, MOST_MEAN);
    this.#meanText.textContent = over < this.#count ? `Mean of the first ${over}` : "Mean of all";
    this.#first.show(doc, this.#count, sample);
    this.#first.enable(!mean);
    this.#second.node().hidden = against === null;
    this.#second.show(doc, this.#count, against ?? 0);
  }

  #set(changed: Partial<SampleChoice>): void {
    this.#pick({ ...this.#choice, ...changed });
  }

  /** What a comparison starts with: the next sample. */
  #other(): number {
    return (this.#choice.sample + 1) % this.#count;
  }
}

/** Whose samples have names. */
type Sampled = { readonly header: Pick<ActivationsDocument["header"], "samples"> };

/** A slider over the samples, a step at a time with its buttons, and the name of the one chosen. */
export class SampleSlider {
  readonly #pick: (sample: number) => void;
  readonly #range: HTMLInputElement;
  readonly #back: HTMLButtonElement;
  readonly #on: HTMLButtonElement;
  readonly #name = h("output", { class: "hl-sample-name" });
  readonly #node: HTMLElement;

  constructor(label: string, testid: string, pick: (sample: number) => void) {
    this.#pick = pick;
    const id = uid("sample");
    this.#range = h("input", { type: "range", id, min: 0, step: 1, class: "hl-range", "data-testid": testid });
    this.#range.addEventListener("input", () => pick(Number(this.#range.value)));
    // The keys of the slider are not those of the notebook.
    this.#range.addEventListener("keydown", (event) => event.stopPropagation());
    this.#back = step("‹", "The sample before", () => this.#step(-1));
    this.#on = step("›", "The sample after", () => this.#step(1));
    this.#name.setAttribute("for", id);
    const text = h("label", { for: id }, label);
    this.#node = h("div", { class: "hl-sample" }, text, this.#back, this.#range, this.#on, this.#name);
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(doc: Sampled, count: number, sample: number): void {
    this.#range.max = String(count - 1);
    this.#range.value = String(sample);
    const label = doc.header.samples[sample]?.label ?? "";
    const place = `${sample + 1} of ${count.toLocaleString("en-US")}`;
    put(this.#name, label && h("span", {}, label), h("span", label ? { class: "hl-muted" } : {}, place));
    this.#name.title = label;
    this.#range.setAttribute("aria-valuetext", label ? `${label}, ${place}` : place);
    this.#back.disabled = sample <= 0;
    this.#on.disabled = sample >= count - 1;
  }

  enable(on: boolean): void {
    this.#range.disabled = !on;
    this.#node.toggleAttribute("data-off", !on);
    if (on) return;
    this.#back.disabled = true;
    this.#on.disabled = true;
  }

  #step(by: number): void {
    this.#pick(Number(this.#range.value) + by);
  }
}

function step(text: string, label: string, onclick: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: "hl-button hl-step", "aria-label": label, onclick }, text);
}
