/** The colours of the page for what is drawn on a canvas. */

import { luminance, rgbOf } from "../graph/paint/color.js";

export interface Ink {
  readonly dark: boolean;
  readonly ground: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly raised: string;
  readonly accent: string;
  readonly warn: string;
  readonly bad: string;
  readonly font: string;
}

type Role = Exclude<keyof Ink, "dark" | "font">;

const VARIABLES: Readonly<Record<Role, string>> = {
  ground: "var(--hl-bg)",
  text: "var(--hl-text)",
  muted: "var(--hl-muted)",
  line: "var(--hl-line-strong)",
  raised: "var(--hl-raised)",
  accent: "var(--hl-accent)",
  warn: "var(--hl-warn)",
  bad: "var(--hl-bad)",
};
/** Who asks for more contrast gets no greys. */
const STRONG = { muted: VARIABLES.text, line: VARIABLES.text };
/** The system's own few colours, where those are all there is. */
const SYSTEM: Readonly<Record<Role, string>> = {
  ground: "Canvas",
  text: "CanvasText",
  muted: "CanvasText",
  line: "CanvasText",
  raised: "Canvas",
  accent: "Highlight",
  warn: "CanvasText",
  bad: "CanvasText",
};

/** Reads them off an element: variables are mixtures, which only a computed colour resolves. */
export function readInk(element: HTMLElement): Ink {
  const probe = document.createElement("span");
  probe.style.setProperty("forced-color-adjust", "none");
  element.append(probe);
  const resolve = (color: string): string => {
    probe.style.setProperty("color", color);
    return hex(getComputedStyle(probe).color);
  };
  const colors = Object.entries(wanted()).map(([role, color]) => [role, resolve(color)]);
  const font = getComputedStyle(element).fontFamily || "sans-serif";
  probe.remove();
  const ink = Object.fromEntries(colors) as Record<Role, string>;
  return { ...ink, dark: luminance(rgbOf(ink.ground)) < 0.4, font };
}

function wanted(): Readonly<Record<Role, string>> {
  const asks = (query: string): boolean => globalThis.matchMedia?.(query)?.matches === true;
  if (asks("(forced-colors: active)")) return SYSTEM;
  return asks("(prefers-contrast: more)") ? { ...VARIABLES, ...STRONG } : VARIABLES;
}

/** `color(srgb r g b)`, which programs that open a saved picture do not know, as `#rrggbb`. */
function hex(color: string): string {
  const parts = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)/
    .exec(color)
    ?.slice(1)
    .map((part) => 255 * Number(part));
  const rgb = parts ?? rgbOf(color);
  return `#${rgb
    .map((part) =>
      Math.round(Math.max(0, Math.min(255, part)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}
