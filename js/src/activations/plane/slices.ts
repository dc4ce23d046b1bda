import { h, put } from "../../views/dom.js";
import { Choice, Slider } from "../controls.js";
import type { Pictured } from "../panel.js";
import type { Slice } from "../settings.js";
import { axisName, sliceOf } from "../showing.js";

/** The end of an axis whose size differs between samples. */
const UNKNOWN_END = 1023;

/** Which two axes of a tensor are shown, and where along the others. */
export class SlicePicker {
  readonly #pick: (slice: Slice) => void;
  readonly #rows: Choice<string>;
  readonly #columns: Choice<string>;
  readonly #sliders = new Map<number, Slider>();
  readonly #others = h("div", { class: "hl-controls" });
  readonly #node = h("div", { class: "hl-slices", role: "group", "aria-label": "Which two axes are shown" });
  #slice: Slice = { rows: -1, columns: -1, at: [] };

  constructor(pick: (slice: Slice) => void) {
    this.#pick = pick;
    this.#rows = new Choice("Rows", "haoline-slice-rows", (axis) => this.#choose("rows", Number(axis)), true);
    this.#columns = new Choice(
      "Columns",
      "haoline-slice-columns",
      (axis) => this.#choose("columns", Number(axis)),
      true,
    );
    this.#node.append(this.#rows.node(), this.#columns.node(), this.#others);
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(shown: Pictured): void {
    const { doc, row } = shown;
    const dims = doc.dims(row);
    this.#slice = sliceOf(shown);
    this.#node.hidden = dims.length < 2;
    const options = dims.map((size, axis) => ({
      value: String(axis),
      text: `${axisName(doc, row, axis)} (${size ?? "?"})`,
    }));
    this.#rows.show(options, String(this.#slice.rows));
    this.#columns.show(options, String(this.#slice.columns));
    const others = dims.flatMap((size, axis) =>
      this.#isShown(axis) || size === 1 ? [] : [this.#slider(shown, axis, size)],
    );
    const nodes = others.map((slider) => slider.node());
    // A slider that is taken out and put back drops what the reader drags.
    if (nodes.length !== this.#others.childElementCount || nodes.some((node, i) => node !== this.#others.children[i])) {
      put(this.#others, ...nodes);
    }
  }

  #isShown(axis: number): boolean {
    return axis === this.#slice.rows || axis === this.#slice.columns;
  }

  #slider({ doc, row }: Pictured, axis: number, size: number | null): Slider {
    const slider = this.#sliders.get(axis) ?? new Slider(`haoline-slice-${axis}`, (index) => this.#move(axis, index));
    this.#sliders.set(axis, slider);
    const max = size === null ? UNKNOWN_END : size - 1;
    slider.show(axisName(doc, row, axis), { min: 0, max }, this.#slice.at[axis] ?? 0);
    return slider;
  }

  /** An axis that is chosen twice changes places with the other. */
  #choose(which: "rows" | "columns", axis: number): void {
    const { rows, columns } = this.#slice;
    const swapped = axis === (which === "rows" ? columns : rows);
    const chosen = { ...this.#slice, [which]: axis };
    this.#pick(swapped ? { ...this.#slice, rows: columns, columns: rows } : chosen);
  }

  #move(axis: number, index: number): void {
    this.#pick({ ...this.#slice, at: this.#slice.at.map((place, i) => (i === axis ? index : place)) });
  }
}
