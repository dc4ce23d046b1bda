/** Mixing colours evenly to the eye, in Björn Ottosson's Oklab space. */

import { parseColor, type Rgb } from "../paint/theme.js";

type Lab = readonly [number, number, number];

/** The colour a share `t` of the way from one colour to another. */
export function blend(from: string, to: string, t: number): string {
  const [a, b] = [toLab(parseColor(from) ?? BLACK), toLab(parseColor(to) ?? BLACK)];
  const part = (i: 0 | 1 | 2): number => a[i] + (b[i] - a[i]) * t;
  return toCss([part(0), part(1), part(2)]);
}

const BLACK: Rgb = [0, 0, 0];

export function toLab([red, green, blue]: Rgb): Lab {
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function toCss([lightness, a, b]: Lab): string {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return `rgb(${red}, ${green}, ${blue})`;
}

function linear(value: number): number {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function encode(value: number): number {
  const part = value <= 0.0031308 ? 12.92 * value : 1.055 * Math.max(0, value) ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.max(0, Math.min(1, part)));
}
