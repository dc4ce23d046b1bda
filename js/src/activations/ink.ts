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

const VARIABLES = {
  text: "text",
  muted: "muted",
  line: "line-strong",
  raised: "raised",
  accent: "accent",
  warn: "warn",
  bad: "bad",
};

/** Reads them off an element: variables are mixtures, which only a computed colour resolves. */
export function readInk(element: HTMLElement): Ink {
  const probe = document.createElement("span");
  element.append(probe);
  const color = (name: string): string => {
    probe.style.setProperty("color", `var(--hl-${name})`);
    return hex(getComputedStyle(probe).color);
  };
  const ground = color("bg");
  const colors = Object.fromEntries(Object.entries(VARIABLES).map(([key, name]) => [key, color(name)]));
  const font = getComputedStyle(element).fontFamily || "sans-serif";
  probe.remove();
  return { ...(colors as Record<keyof typeof VARIABLES, string>), ground, dark: luminance(rgbOf(ground)) < 0.4, font };
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
