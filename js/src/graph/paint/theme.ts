/** Colours of the page around us. JupyterLab says them in CSS variables; elsewhere the system's preference counts. */

export interface Theme {
  readonly dark: boolean;
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
}

const LIGHT: Theme = {
  dark: false,
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
};

const DARK: Theme = {
  dark: true,
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
};

export function readTheme(element: HTMLElement): Theme {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  const background = value("--jp-layout-color0") || value("--jp-layout-color1");
  const dark = isDark(value("--jp-layout-color1") || background);
  const base = dark ? DARK : LIGHT;
  return {
    ...base,
    font: value("--jp-ui-font-family") || base.font,
    background: background || base.background,
    text: value("--jp-ui-font-color0") ? solid(value("--jp-ui-font-color0"), base.text) : base.text,
    brand: value("--jp-brand-color1") || base.brand,
    warn: value("--jp-warn-color1") || base.warn,
  };
}

function isDark(background: string): boolean {
  const { body } = document;
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
  if (body.classList.contains("vscode-dark") || body.classList.contains("vscode-high-contrast")) return true;
  const rgb = parseColor(background);
  if (rgb) return luminance(rgb) < 0.4;
  return globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches ?? false;
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
  const media = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  media?.addEventListener("change", callback);
  return () => {
    observer.disconnect();
    media?.removeEventListener("change", callback);
  };
}

export type Rgb = readonly [number, number, number];

/** `#rgb`, `#rrggbb` or `rgb(…)`. */
export function parseColor(color: string): Rgb | null {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color)?.[1];
  if (hex) {
    const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
    return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16)) as unknown as Rgb;
  }
  const parts = /^rgba?\(([^)]+)\)$/i
    .exec(color)?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  return parts && parts.length >= 3 && parts.every(Number.isFinite) ? [parts[0]!, parts[1]!, parts[2]!] : null;
}

/** Relative luminance, 0 black to 1 white (WCAG 2). */
export function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

export function mix(a: Rgb, b: Rgb, t: number): string {
  const part = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * t);
  return `rgb(${part(0)}, ${part(1)}, ${part(2)})`;
}
