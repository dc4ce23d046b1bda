/** The colour that stands for an item: its category's, or that of most ops in it. */

import { INPUT, OP, OUTPUT } from "../model/tree.js";
import type { Look } from "./look.js";
import { CHANGES, categoryColor, categoryStyle, type Style } from "./palette.js";

export class Accents {
  readonly #look: Look;
  readonly #colors = new Map<string | null, string>();

  constructor(look: Look) {
    this.#look = look;
  }

  style(item: number): Style {
    return categoryStyle(this.#category(item));
  }

  color(item: number): string {
    return this.ofCategory(this.#category(item));
  }

  ofCategory(category: string | null): string {
    const { theme } = this.#look;
    if (theme.contrast === "forced") return theme.text;
    let color = this.#colors.get(category);
    if (color === undefined) {
      color = categoryColor(category, theme.dark);
      this.#colors.set(category, color);
    }
    return color;
  }

  /** Fill of a box too small for words. */
  block(item: number): string {
    const { change, coloring, theme } = this.#look;
    const kind = change?.(item) ?? null;
    if (kind) return theme.dark ? CHANGES[kind].dark : CHANGES[kind].light;
    return coloring?.color(item) ?? this.color(item);
  }

  #category(item: number): string | null {
    const { model, summaries } = this.#look;
    const kind = model.tree.kind[item];
    if (kind === INPUT) return "input";
    if (kind === OUTPUT) return "output";
    if (kind === OP) return summaries.category(model.tree.ref[item]!);
    return summaries.shares(item)[0]?.category ?? null;
  }
}
