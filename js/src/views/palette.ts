/** Colours of the graph's vocabulary, for CSS: the browser picks by the color-scheme of the report. */

import { categoryStyle, precision } from "../graph/paint/palette.js";

export function categoryColor(name: string): string {
  const { light, dark } = categoryStyle(name);
  return `light-dark(${light}, ${dark})`;
}

export function precisionColor(name: string): string {
  return `light-dark(${precision(name, false).color}, ${precision(name, true).color})`;
}
