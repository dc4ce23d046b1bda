/** Colour arithmetic. */

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

/**
 * A pixel of a canvas's image data: red in the lowest byte, opaque. As a signed number it is small and negative, which
 * engines pass around without allocating.
 */
export type Pixel = number;

/** Packs a colour into a pixel, on machines that store the lowest byte first: all that run browsers. */
export function toPixel([r, g, b]: Rgb): Pixel {
  return 0xff000000 | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);
}

/** `a` where `weight` is 0, `b` where it is 256. */
export function blend(a: Pixel, b: Pixel, weight: number): Pixel {
  const keep = 256 - weight;
  const redBlue = ((Math.imul(a & 0xff00ff, keep) + Math.imul(b & 0xff00ff, weight)) >>> 8) & 0xff00ff;
  const green = ((Math.imul(a & 0x00ff00, keep) + Math.imul(b & 0x00ff00, weight)) >>> 8) & 0x00ff00;
  return 0xff000000 | redBlue | green;
}

export function pixelColor(pixel: Pixel): string {
  const part = (shift: number): string => ((pixel >>> shift) & 255).toString(16).padStart(2, "0");
  return `#${part(0)}${part(8)}${part(16)}`;
}

let probe: CanvasRenderingContext2D | null = null;

/** Any CSS colour; what cannot be read is a middle grey. */
export function rgbOf(color: string): Rgb {
  return parseColor(color) ?? parseColor(normalized(color)) ?? [136, 136, 136];
}

/** A canvas says every colour as `#rrggbb` or `rgba(…)`, names included. */
function normalized(color: string): string {
  probe ??= document.createElement("canvas").getContext("2d");
  if (!probe) return "";
  probe.fillStyle = "#888888";
  probe.fillStyle = color;
  return typeof probe.fillStyle === "string" ? probe.fillStyle : "";
}
