/**
 * Colours of the page around us. JupyterLab says them in CSS variables; elsewhere the system's preference counts.
 *
 * High contrast comes from `prefers-contrast: more`, `forced-colors: active` or VS Code's own classes.
 */

import { luminance, parseColor } from "./color.js";

export { luminance, mix, parseColor, type Rgb } from "./color.js";

/** What people ask of contrast: `forced` means that the system's own few colours are all there is. */
export type Contrast = "normal" | "more" | "forced";

export interface Theme {
  readonly dark: boolean;
  readonly contrast: Contrast;
  readonly font: string;
  readonly background: string;
  readonly card: string;
  /** Fill of open groups, deeper ones a step further from the background. */
  readonly nest: readonly [string, string];
  readonly border: string;
  readonly strong: string;
  readonly text: string;
  readonly muted: string;
  readonly faint: string;
  readonly brand: string;
  readonly warn: string;
  /** Text on `brand`. */
  readonly onBrand: string;
}

const LIGHT: Theme = {
  dark: false,
  contrast: "normal",
  font: "system-ui, sans-serif",
  background: "#ffffff",
  card: "#ffffff",
  nest: ["#f5f7fa", "#ecf0f5"],
  border: "#cfd6df",
  strong: "#9aa6b4",
  text: "#1c232b",
  muted: "#5b6673",
  faint: "#8b96a3",
  brand: "#1976d2",
  warn: "#d97706",
  onBrand: "#ffffff",
};

const DARK: Theme = {
  dark: true,
  contrast: "normal",
  font: LIGHT.font,
  background: "#111418",
  card: "#1f242b",
  nest: ["#181c22", "#20262e"],
  border: "#3b444f",
  strong: "#667381",
  text: "#e8edf2",
  muted: "#a5b0bc",
  faint: "#788492",
  brand: "#64b5f6",
  warn: "#fbbf24",
  onBrand: "#0b1116",
};

/** Solid lines and full-strength text in place of greys. */
const STRONG_LIGHT: Theme = {
  ...LIGHT,
  contrast: "more",
  nest: ["#ffffff", "#f0f0f0"],
  border: "#1a1a1a",
  strong: "#000000",
  text: "#000000",
  muted: "#000000",
  faint: "#1a1a1a",
  brand: "#0b4fc4",
  warn: "#8a3b00",
};

const STRONG_DARK: Theme = {
  ...DARK,
  contrast: "more",
  background: "#000000",
  card: "#000000",
  nest: ["#000000", "#141414"],
  border: "#f2f2f2",
  strong: "#ffffff",
  text: "#ffffff",
  muted: "#ffffff",
  faint: "#f2f2f2",
  brand: "#7fc4ff",
  warn: "#ffd24a",
};

export function readTheme(element: HTMLElement): Theme {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  const background = value("--jp-layout-color0") || value("--jp-layout-color1");
  const dark = isDark(value("--jp-layout-color1") || background);
  const font = value("--jp-ui-font-family") || LIGHT.font;
  const contrast = wantedContrast();
  if (contrast === "forced") return { ...systemTheme(element, dark), font };
  if (contrast === "more") return { ...(dark ? STRONG_DARK : STRONG_LIGHT), font };
  const base = dark ? DARK : LIGHT;
  return {
    ...base,
    font,
    background: background || base.background,
    text: value("--jp-ui-font-color0") ? solid(value("--jp-ui-font-color0"), base.text) : base.text,
    brand: value("--jp-brand-color1") || base.brand,
    warn: value("--jp-warn-color1") || base.warn,
  };
}

function wantedContrast(): Contrast {
  if (matches("(forced-colors: active)")) return "forced";
  const { classList } = document.body;
  const strong = classList.contains("vscode-high-contrast") || classList.contains("vscode-high-contrast-light");
  return strong || matches("(prefers-contrast: more)") ? "more" : "normal";
}

/** The system's colours as numbers: a picture made of pixels cannot be recoloured by the browser. */
function systemTheme(element: HTMLElement, dark: boolean): Theme {
  const probe = document.createElement("span");
  element.append(probe);
  const color = (name: string, fallback: string): string => {
    probe.style.color = name;
    return parseColor(getComputedStyle(probe).color) ? getComputedStyle(probe).color : fallback;
  };
  const base = dark ? STRONG_DARK : STRONG_LIGHT;
  const [text, background] = [color("CanvasText", base.text), color("Canvas", base.background)];
  const [brand, onBrand] = [color("Highlight", base.brand), color("HighlightText", base.onBrand)];
  const warn = color("LinkText", base.warn);
  probe.remove();
  const ink = { border: text, strong: text, text, muted: text, faint: text };
  const nest: [string, string] = [background, background];
  const rgb = parseColor(background);
  const night = rgb ? luminance(rgb) < 0.4 : dark;
  return { ...base, ...ink, dark: night, contrast: "forced", background, card: background, nest, brand, onBrand, warn };
}

function matches(query: string): boolean {
  return globalThis.matchMedia?.(query)?.matches === true;
}

function isDark(background: string): boolean {
  const { body } = document;
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
  const has = (name: string): boolean => body.classList.contains(name);
  if (has("vscode-high-contrast-light") || has("vscode-light")) return false;
  if (has("vscode-dark") || has("vscode-high-contrast")) return true;
  const rgb = parseColor(background);
  if (rgb) return luminance(rgb) < 0.4;
  return matches("(prefers-color-scheme: dark)");
}

/** JupyterLab's text colours are translucent; on coloured cards they would pick up the card's colour. */
function solid(color: string, fallback: string): string {
  return color.startsWith("#") ? color : fallback;
}

/** Calls back when the page changes its theme. Returns a function that stops it. */
export function watchTheme(callback: () => void): () => void {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"],
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme", "style"] });
  const wishes = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"];
  const media = wishes.map((query) => globalThis.matchMedia?.(query));
  for (const query of media) query?.addEventListener("change", callback);
  return () => {
    observer.disconnect();
    for (const query of media) query?.removeEventListener("change", callback);
  };
}
