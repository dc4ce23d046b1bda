/** The histogram over the ramp, and the ticks below. */

import type { Scale } from "../../overlay/scale.js";
import { ticks } from "../../overlay/ticks.js";
import { element } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";
/** A bin that holds anything can be seen. */
const LEAST = 0.06;
const STOPS = 16;

/** Bars in the colours of the ramp; their height is the square root of the count, so that rare values show. */
export function bars(counts: Uint32Array, colors: readonly string[]): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${counts.length} 1`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "haoline-legend-bars");
  svg.setAttribute("aria-hidden", "true");
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  counts.forEach((count, bin) => {
    if (count === 0) return;
    const height = Math.max(LEAST, Math.sqrt(count / most));
    const bar = document.createElementNS(SVG, "rect");
    const place = { x: bin + 0.06, y: 1 - height, width: 0.88, height };
    for (const [name, value] of Object.entries(place)) bar.setAttribute(name, value.toFixed(3));
    bar.style.fill = colors[Math.floor(((bin + 0.5) / counts.length) * colors.length)]!;
    svg.append(bar);
  });
  return svg;
}

export function rampBar(colors: readonly string[]): HTMLElement {
  const bar = element("div", "haoline-legend-ramp");
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => colors[Math.round((i / STOPS) * (colors.length - 1))]);
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  return bar;
}

/** Ticks that would run over the edge lean inwards. */
export function tickRow(scale: Scale, unit: string): HTMLElement {
  const row = labelRow();
  for (const { at, text } of ticks(scale, unit)) {
    const tick = element("span", "", text);
    tick.style.left = `${100 * at}%`;
    tick.dataset.lean = at < EDGE ? "right" : at > 1 - EDGE ? "left" : "";
    row.append(tick);
  }
  return row;
}

const EDGE = 0.12;

/** The chosen values, in place of the ticks. */
export function rangeLabel(text: string): HTMLElement {
  const row = labelRow();
  row.append(element("b", "", text));
  return row;
}

function labelRow(): HTMLElement {
  const row = element("div", "haoline-legend-ticks");
  row.setAttribute("aria-hidden", "true");
  return row;
}
