/** Colours of numbers from low to high, as tables of 256 that a bucket looks up. All are safe for colour-blind people. */

import { mix, parseColor, type Rgb } from "../paint/theme.js";
import { blend } from "./oklab.js";

export type RampKind = "sequential" | "diverging";

export const STEPS = 256;

/** Every eighth colour of matplotlib's viridis (CC0): even steps to the eye, readable in grey. */
const VIRIDIS =
  "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c" +
  "1f988b1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725";

/** Blue below, orange above; the middle is the page's own shade, so that what is at the centre recedes. */
const DIVERGING = {
  light: ["#0f4c96", "#79aee0", "#f3f2f0", "#eda069", "#9a3406"],
  dark: ["#8cc4ff", "#2f6db3", "#2b3038", "#b5541f", "#ffb27a"],
} as const;

const known = new Map<string, readonly string[]>();

/** 256 colours. */
export function ramp(kind: RampKind, dark: boolean): readonly string[] {
  const key = `${kind} ${kind === "diverging" && dark}`;
  let colors = known.get(key);
  if (!colors) {
    colors = Array.from({ length: STEPS }, (_, i) => at(kind, dark, i / (STEPS - 1)));
    known.set(key, colors);
  }
  return colors;
}

/** For lines, which are thin: without the end of the ramp that is lost on the page. */
export function lineRamp(kind: RampKind, dark: boolean): readonly string[] {
  if (kind === "diverging")
    return Array.from({ length: STEPS }, (_, i) => at(kind, dark, i / (STEPS - 1), LINE_MIDDLE));
  const [low, high] = dark ? [0.25, 1] : [0, 0.82];
  return Array.from({ length: STEPS }, (_, i) => viridis(low + ((high - low) * i) / (STEPS - 1)));
}

/** Lines at the centre of a diverging scale must not vanish. */
const LINE_MIDDLE = "#9098a3";

export function viridis(t: number): string {
  const last = VIRIDIS.length / 6 - 1;
  const place = clamp(t) * last;
  const low = Math.min(Math.floor(place), last - 1);
  return mix(sample(low), sample(low + 1), place - low);
}

function sample(i: number): Rgb {
  return parseColor(`#${VIRIDIS.slice(6 * i, 6 * i + 6)}`) ?? [0, 0, 0];
}

function at(kind: RampKind, dark: boolean, t: number, middle?: string): string {
  if (kind === "sequential") return viridis(t);
  const stops = [...DIVERGING[dark ? "dark" : "light"]] as string[];
  if (middle) stops[2] = middle;
  const place = clamp(t) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  return blend(stops[low]!, stops[low + 1]!, place - low);
}

function clamp(t: number): number {
  return Math.max(0, Math.min(1, t));
}
