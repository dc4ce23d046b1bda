/** Colours from low to high as tables of pixels. All are even steps to the eye and safe for colour-blind people. */

import { ramp, STEPS } from "../../graph/overlay/ramps.js";
import { mix, type Pixel, parseColor, rgbOf, toPixel } from "../../graph/paint/color.js";

export type TableName = "viridis" | "magma" | "diverging" | "grey";

/** 32 even steps of matplotlib's magma (CC0). */
const MAGMA =
  "0000040303120a0822140e361e11492a115c38106c47107854137d6018806d1d81792282882781942c80a1307eae347b" +
  "bd3977ca3e72d6456ce24d66ec5860f3655cf8745cfb835ffd9266fea36ffeb27afec185fecf92fde0a1fceeb0fcfdbf";
const GREY = "050505fafafa";

const tables = new Map<string, Int32Array>();

/** 256 pixels. A diverging table has the page's own shade in its middle. */
export function table(name: TableName, dark: boolean): Int32Array {
  const key = name === "diverging" ? `${name} ${dark}` : name;
  const known = tables.get(key) ?? Int32Array.from(colors(name, dark), (color) => toPixel(rgbOf(color)));
  tables.set(key, known);
  return known;
}

function colors(name: TableName, dark: boolean): readonly string[] {
  if (name === "viridis") return ramp("sequential", dark);
  if (name === "diverging") return ramp("diverging", dark);
  const stops = name === "magma" ? MAGMA : GREY;
  return Array.from({ length: STEPS }, (_, i) => between(stops, i / (STEPS - 1)));
}

function between(stops: string, t: number): string {
  const last = stops.length / 6 - 1;
  const low = Math.min(Math.floor(t * last), last - 1);
  const stop = (i: number): string => `#${stops.slice(6 * i, 6 * i + 6)}`;
  return mix(parseColor(stop(low))!, parseColor(stop(low + 1))!, t * last - low);
}

/** What is no number has a colour that no table has. */
export const SPECIAL: Readonly<Record<"nan" | "positive" | "negative", Pixel>> = {
  nan: toPixel([224, 40, 180]),
  positive: toPixel([235, 30, 40]),
  negative: toPixel([20, 190, 235]),
};
