/** Colours of words: distinct for kinds, from mild to grave for ordered ones. */

import { viridis } from "./ramps.js";

/** Okabe and Ito's eight, the palest last but one; in place of their black what stands out from either page. */
const HUES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"] as const;
const DISTINCT = { light: [...HUES, "#50545a"], dark: [...HUES, "#dfe3e8"] } as const;
/** As lines: yellow would be lost on white, dark blue and slate on black. */
const LINES = {
  light: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#77551b", "#22242a"],
  dark: ["#2f86c9", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#f2f2f2"],
} as const;

export const SLOTS = DISTINCT.light.length;

/** Colour of a word's slot. */
export function distinct(slot: number, dark: boolean): string {
  return DISTINCT[dark ? "dark" : "light"][slot % SLOTS]!;
}

export function distinctLine(slot: number, dark: boolean): string {
  return LINES[dark ? "dark" : "light"][slot % SLOTS]!;
}

/** Severities differ in lightness as much as in hue. */
const SEVERITY: Readonly<Record<string, string>> = { info: "#6fb1e6", warning: "#f2b705", error: "#b4261c" };

/** Colours of ordered words, the least first. */
export function ordered(words: readonly string[]): readonly string[] {
  if (words.every((word) => Object.hasOwn(SEVERITY, word))) return words.map((word) => SEVERITY[word]!);
  return words.map((_, i) => viridis(words.length === 1 ? 0.5 : 0.08 + (0.87 * i) / (words.length - 1)));
}

/** Shades without a meaning of their own. */
export function neutrals(dark: boolean): { readonly unknown: string; readonly other: string; readonly card: string } {
  return dark
    ? { unknown: "#2a2f36", other: "#59636f", card: "#1f242b" }
    : { unknown: "#e4e7eb", other: "#bac2cb", card: "#ffffff" };
}
